"""The pages for people: what this is, and the documentation; neither asks another host for anything."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import add_facility


def test_the_home_page_links_to_a_live_search_and_the_documentation(client: FlaskClient, place: int) -> None:
    response = client.get("/")
    assert response.status_code == 200
    links = re.findall(r'href="([^"]+)"', response.text)
    assert {"/docs", "/openapi.json"} <= set(links)
    live = next(link for link in links if link.startswith("/v1/"))
    features = client.get(live.replace("&amp;", "&")).get_json(force=True)["features"]
    assert [feature["id"] for feature in features] == [place]


def test_the_home_page_of_a_database_without_toilets_links_to_another_kind(
    client: FlaskClient, session: Session
) -> None:
    fountain = add_facility(session, kind="drinking_water")
    [live] = re.findall(r'href="(/v1/[^"]+)"', client.get("/").text)
    features = client.get(live.replace("&amp;", "&")).get_json(force=True)["features"]
    assert [feature["id"] for feature in features] == [fountain]


def test_the_home_page_of_an_empty_database_explains_how_to_add_facilities(client: FlaskClient) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert "flask facilities import" in response.text


def test_the_home_page_escapes_its_data(client: FlaskClient, session: Session) -> None:
    add_facility(session, name="<script>alert(1)</script>")
    assert "<script" not in client.get("/").text


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/"])
def test_a_page_loads_nothing_from_other_hosts(client: FlaskClient, place: int, path: str) -> None:
    response = client.get(path, headers={"Host": "evil.example"})
    assert response.status_code == 200, place
    assert "evil.example" not in response.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    loaded = [link for link in loaded if link != "data:,"]
    assert loaded
    assert all(link.startswith("/") and not link.startswith("//") for link in loaded)
    for link in loaded:
        with client.get(link.replace("&amp;", "&")) as answer:
            assert answer.status_code == 200, link
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/", "/docs/", "/openapi.json", "/v1/facilities?lat=0&lon=0", "/nothing", "/healthz"])
def test_every_response_forbids_content_type_sniffing(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_the_documentation_loads_our_document_without_an_external_validator(client: FlaskClient) -> None:
    page = client.get("/docs/").text
    assert '"url": "/openapi.json"' in page
    assert '"validatorUrl": null' in page
