"""Answers that concern one caller alone."""

import orjson
from flask import Response


def private(document: object, *, status: int = 200, mimetype: str = "application/json") -> Response:
    """A JSON answer that no cache may keep."""
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    response = Response(body, status=status, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-store"
    return response
