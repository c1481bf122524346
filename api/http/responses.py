"""Responses that only one caller may see."""

import orjson
from flask import Response


def private(document: object, *, status: int = 200, mimetype: str = "application/json") -> Response:
    """Return a JSON response that no cache may store."""
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    response = Response(body, status=status, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-store"
    return response
