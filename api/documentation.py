"""OpenAPI 3.1 at /openapi.json, and a page to read and try it at /docs that needs no internet."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from http import HTTPMethod
from typing import Any

import orjson
from flask import Flask, Response, request
from flask_smorest import Api
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from api.conditional import MAX_AGE_S
from api.declarations import EVERYBODY, Declaration, OpenRoutes, declare
from api.problems import PROBLEM_JSON, RETRY_AFTER_S, http_problem
from api.strictness import Door
from api.v1 import examples
from api.v1.replies import Problem

OPENAPI_PATH = "/openapi.json"
DOCS_PATH = "/docs"
API_VERSION = "1.0.0"

DESCRIPTION = """\
The right place, open when you get there, clean today.

Positions are WGS84 degrees, longitude first in GeoJSON; distances are metres on the sphere, times are RFC 3339 in UTC.
Answers are GeoJSON; every answer lists the attribution that its data's licences ask to be shown. A null is unknown,
which is not no. Errors are problem documents (RFC 9457) that name the bad values, 20 at most, in 16 kB at most. Lists
in a query are written kind=toilets,shower or kind=toilets&kind=shower. Parameters that are unknown, and single values
that are given twice, are refused. Public answers carry a strong ETag: send it back as If-None-Match.
"""

DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
"""Content-Security-Policy of Swagger UI: it starts by a script in its page, and asks no other host for anything."""

SWAGGER_UI = {
    "app_name": "Beforehand",
    "layout": "BaseLayout",  # without the bar that would load another host's document
    "validatorUrl": None,  # nor its badge, which would tell swagger.io who reads this
    "oauth2RedirectUrl": "",  # there is no OAuth; by itself it would repeat the Host header
    "defaultModelsExpandDepth": 0,  # operations come first; the schemas open when asked
    "displayRequestDuration": True,
}

_TEXT = {"type": "string"}
_ETAG = '"1c3a5b2-9f86d081884c7d659a-60303ae22b998861bc"'

_VALIDATORS = {
    "ETag": {"schema": _TEXT, "example": _ETAG, "description": "Strong: of this question, this minute and this data."},
    "Cache-Control": {"schema": _TEXT, "example": f"public, max-age={MAX_AGE_S}"},
}

_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": _TEXT,
    "description": "The ETag of the answer that the caller has: 304 while it still holds.",
}

_STANDING = {
    "RateLimit": {"schema": _TEXT, "example": '"day";r=0;t=43200', "description": "Left, and seconds until more is."},
    "RateLimit-Policy": {"schema": _TEXT, "example": '"day";q=10000;w=86400', "description": "Quota and its window."},
}

_PROBLEM_HEADERS: Mapping[int, Mapping[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": _TEXT, "example": 'Bearer realm="beforehand", error="invalid_token"'}},
    429: {
        "Retry-After": {"schema": {"type": "integer"}, "example": 43_200, "description": "Seconds."},
        **_STANDING,
    },
    503: {"Retry-After": {"schema": {"type": "integer"}, "example": RETRY_AFTER_S, "description": "Seconds."}},
}


class DocumentedApi(Api):
    """flask-smorest's, with our problem documents in place of its errors."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None  # each operation documents the problems that it declares, and no other

    def handle_http_exception(self, error: HTTPException) -> Response:
        """The problem document of an HTTP error."""
        return http_problem(error)


def register(app: Flask, doors: Sequence[Door]) -> None:
    """Serve the doors' routes and their documentation."""
    app.config.update(
        API_TITLE="Beforehand",
        API_VERSION=API_VERSION,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "components": {
                "securitySchemes": {
                    "device": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A device's token, from POST /v1/devices.",
                    },
                    "staff": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "The token of a member of staff, from `flask staff add` or an admin.",
                    },
                    "partner": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A partner's key: publishable (bfp_) in pages of its origins, secret (bfk_) on "
                        "servers.",
                    },
                }
            },
        },
    )
    api = DocumentedApi(app)
    for door in doors:
        api.register_blueprint(door)
    document = api.spec.to_dict()
    _complete(document, {name: declared for door in doors for name, declared in door.declarations.items()})
    _serve_document(app, document)
    _serve_page(app)


def _serve_document(app: Flask, document: dict[str, Any]) -> None:
    body = orjson.dumps(document)
    etag = blake2b(body, digest_size=9).hexdigest()

    blueprint = OpenRoutes("documentation", __name__)

    @blueprint.get(OPENAPI_PATH)
    def openapi() -> Response:
        response = Response(body, mimetype="application/json")
        response.set_etag(etag)
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
        response.make_conditional(request)
        return response

    app.register_blueprint(blueprint)


def _serve_page(app: Flask) -> None:
    page = get_swaggerui_blueprint(DOCS_PATH, OPENAPI_PATH, config=SWAGGER_UI)

    @page.after_request
    def _stay_here(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = DOCS_POLICY
        return response

    app.register_blueprint(page, url_prefix=DOCS_PATH)
    for endpoint, view in list(app.view_functions.items()):
        if endpoint.startswith(f"{page.name}."):
            app.view_functions[endpoint] = declare(partial(view), Declaration(EVERYBODY))


def _complete(document: dict[str, Any], declarations: Mapping[str, Declaration]) -> None:
    """Add what routes declare, their security and problems, and the validators of public answers.

    Args:
        document: of flask-smorest; it is changed.
        declarations: by operationId.
    """
    components = document["components"]
    components["schemas"].pop("PaginationMetadata", None)  # flask-smorest's; we page by cursors
    components["responses"] = {str(status): _problem_response(status) for status in examples.PROBLEM_DETAILS}
    for item in document["paths"].values():
        for parameter in item.get("parameters", []):
            parameter.update(_path_parameter(parameter))
    for operation in _operations(document):
        declared = declarations[operation["operationId"]]
        caller, responses = declared.policy.caller, operation["responses"]
        if caller != "everybody":
            operation["security"] = [{caller: []}]
        if "304" in responses:
            operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
            headers = _VALIDATORS | (_STANDING if caller == "partner" else {})
            responses["200"]["headers"] = responses["304"]["headers"] = headers
        for status in declared.problems:
            responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
        operation["responses"] = dict(sorted(responses.items()))


def _path_parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """What a path's parameter is, by the kind of its schema."""
    if parameter["schema"].get("format") == "uuid":
        return {"description": "As decisions and GET /v1/me tell it.", "example": examples.UUID}
    if parameter["schema"]["type"] == "string":
        return {"description": "As it was given.", "example": "anna"}
    return {"description": "As the list that names it tells it.", "example": examples.ONE["id"]}


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    methods = {method.lower() for method in HTTPMethod}
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in methods)


def _problem_response(status: int) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": examples.problem(status)}
    response: dict[str, Any] = {"description": HTTP_STATUS_CODES[status], "content": {PROBLEM_JSON: content}}
    if headers := _PROBLEM_HEADERS.get(status):
        response["headers"] = headers
    return response
