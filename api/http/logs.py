"""Request log: one JSON line per request with route, status and duration, without coordinates, tokens or addresses."""

import sys
from http import HTTPMethod
from time import perf_counter
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, g, request

METHODS = frozenset(HTTPMethod)

REQUEST_ID_HEADER = "X-Request-Id"


def configure() -> None:
    """Configure the process to log JSON lines to standard output."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )


def route() -> str:
    """Return the route's pattern. The actual path and query are not logged because they may contain private data."""
    return request.url_rule.rule if request.url_rule else "unmatched"


def method() -> str:
    """Return the request's method. A non-standard one is the caller's own text and is not logged."""
    return request.method if request.method in METHODS else "other"


def register(app: Flask) -> None:
    """Log every request of the app."""
    log = structlog.get_logger()

    @app.before_request
    def _start() -> None:
        g.started_s = perf_counter()
        g.request_id = uuid4().hex

    @app.after_request
    def _log(response: Response) -> Response:
        response.headers[REQUEST_ID_HEADER] = g.request_id
        log.info(
            "request",
            request_id=g.request_id,
            method=method(),
            route=route(),
            status=response.status_code,
            duration_ms=round((perf_counter() - g.started_s) * 1000, 2),
        )
        return response
