"""Alive, ready, and the figures."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from geo import schema
from geo.database import Database


def requests_counted(client: FlaskClient) -> dict[tuple[str, str, str], float]:
    """How many requests were counted, by method, route and status."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for family in families
        for sample in family.samples
        if sample.name == "beforehand_requests_total"
    }


def test_a_process_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready", "schema_revision": schema.head()}


def test_a_database_with_another_schema_is_not_ready(client: FlaskClient, session: Session) -> None:
    session.execute(text("COMMENT ON SCHEMA facility_search IS 'older'"))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert response.headers["Retry-After"] == "5"
    assert "flask migrate" in response.get_json(force=True)["detail"]


@pytest.mark.parametrize("path", ["/readyz", "/", "/v1/facilities?lat=0&lon=0", "/v1/facilities/1"])
def test_without_a_database_everything_but_health_is_a_503(path: str) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    client = create_app(Settings(nowhere, None, 8000, 1), database=Database(nowhere)).test_client()
    response = client.get(path)
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200


def test_the_public_port_answers_metrics_only_where_it_is_their_port() -> None:
    settings = Settings.from_environ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "PORT": "8123"})
    assert settings.metrics_port == 9123
    assert create_app(settings).test_client().get("/metrics").status_code == 404
    public = replace(settings, metrics_port=settings.port)
    assert create_app(public).test_client().get("/metrics").status_code == 200


@pytest.mark.parametrize(("port", "metrics_port"), [(8000, 9000), (64_535, 65_535), (64_536, 63_536), (65_535, 64_535)])
def test_the_default_port_of_metrics_is_a_port(port: int, metrics_port: int) -> None:
    assert Settings.from_environ({"PORT": str(port)}).metrics_port == metrics_port


def test_requests_are_counted_by_route_and_not_by_path(app: Flask, client: FlaskClient) -> None:
    before = requests_counted(client)
    for facility_id in range(5):
        client.get(f"/v1/facilities/{facility_id}")
        client.get(f"/nowhere/{facility_id}")
        client.open("/v1/facilities", method=f"BREW{facility_id}")
    counted = requests_counted(client)
    new = {labels: count - before.get(labels, 0) for labels, count in counted.items() if count != before.get(labels)}
    route = next(rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == "facilities.get_facility")
    assert new == {
        ("GET", route, "404"): 5,
        ("GET", "unmatched", "404"): 5,
        ("other", "unmatched", "405"): 5,
        ("GET", "/metrics", "200"): 1,
    }


def test_the_response_time_is_measured(client: FlaskClient) -> None:
    client.get("/healthz")
    assert re.search(
        r'beforehand_request_seconds_count\{method="GET",route="/healthz"\} [1-9]', client.get("/metrics").text
    )
