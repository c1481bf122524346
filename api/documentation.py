"""OpenAPI 3.1 at /openapi.json, and a page to read and try it at /docs that needs no internet."""

from collections.abc import Sequence

from flask import Flask, Response
from flask_smorest import Api, Blueprint
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.exceptions import HTTPException

from api.problems import PROBLEM_JSON, http_problem
from api.v1.replies import Problem

OPENAPI_PATH = "/openapi.json"
DOCS_PATH = "/docs"
API_VERSION = "1.0.0"

DESCRIPTION = """\
The right place, open when you get there, clean today.

Positions are WGS84 degrees, longitude first in GeoJSON; distances are metres on the sphere, times are RFC 3339 in UTC.
Answers are GeoJSON; every answer lists the attribution that its data's licences ask to be shown. A null is unknown,
which is not no. Errors are problem documents (RFC 9457) that name each bad value. Parameters that are not known here,
or that are given twice, are refused. Public answers carry a strong ETag: send it back as If-None-Match.
"""


class DocumentedApi(Api):
    """flask-smorest's, with our problem documents in place of its errors."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = "Problem"

    def handle_http_exception(self, error: HTTPException) -> Response:
        """The problem document of an HTTP error."""
        return http_problem(error)


def register(app: Flask, doors: Sequence[Blueprint]) -> None:
    """Serve the doors' routes and their documentation."""
    app.config.update(
        API_TITLE="Beforehand",
        API_VERSION=API_VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH=OPENAPI_PATH,
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "components": {
                "securitySchemes": {
                    "device": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A device's token, from POST /v1/devices.",
                    }
                }
            },
        },
    )
    api = DocumentedApi(app)
    for door in doors:
        api.register_blueprint(door)
    _tell_of_problems(api)
    app.register_blueprint(
        get_swaggerui_blueprint(DOCS_PATH, OPENAPI_PATH, config={"app_name": "Beforehand"}),
        url_prefix=DOCS_PATH,
    )


def _tell_of_problems(api: Api) -> None:
    """Errors are problem+json, not flask-smorest's application/json; each operation says which it may give."""
    for response in api.spec.components.responses.values():
        content = response.get("content", {})
        if "application/json" in content:
            content[PROBLEM_JSON] = content.pop("application/json")
