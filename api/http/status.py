"""Health checks (/healthz, /readyz) and metrics for Prometheus (/metrics)."""

from time import perf_counter

from flask import Flask, Response, g
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector

from api.http.declarations import OpenRoutes
from api.http.logs import method, route
from api.http.problems import unavailable
from api.http.responses import private
from api.http.services import database
from geo import schema

SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Upper bounds of the latency histogram. A search takes milliseconds; statements are cancelled after 2 or 5 s."""

REQUESTS = Counter("beforehand_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("beforehand_request_seconds", "Time to answer.", ["method", "route"], buckets=SECONDS_BUCKETS)

blueprint = OpenRoutes("status", __name__)
metrics_blueprint = OpenRoutes("metrics", __name__)


def register(app: Flask, *, with_metrics: bool) -> None:
    """Register the status routes, and count every request.

    Args:
        app: the app.
        with_metrics: whether /metrics is one of the routes.
    """
    app.register_blueprint(blueprint)
    if with_metrics:
        app.register_blueprint(metrics_blueprint)

    @app.after_request
    def _count(response: Response) -> Response:
        REQUESTS.labels(method(), route(), response.status_code).inc()
        SECONDS.labels(method(), route()).observe(perf_counter() - g.started_s)
        return response


@blueprint.get("/healthz")
def health() -> Response:
    """Report that the process is alive, without using the database."""
    return private({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Report whether the database responds and has the schema that this code requires."""
    with database().read() as session:
        if schema.is_current(session):
            return private({"status": "ready", "schema_revision": schema.head()})
    return unavailable("the database schema does not match this code: run `flask migrate`")


@metrics_blueprint.get("/metrics")
def metrics() -> Response:
    """Return the metrics of all worker processes for Prometheus."""
    response = Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def serve_metrics(port: int) -> None:
    """Answer /metrics on a port of 127.0.0.1, in a thread."""
    start_http_server(port, "127.0.0.1", _registry())


def _registry() -> CollectorRegistry:
    try:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client lacks the annotation
    except ValueError:  # there are no worker processes that share their metrics
        return PROCESS_REGISTRY
    return registry
