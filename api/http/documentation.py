"""Serves the OpenAPI 3.1 document at /openapi.json and Swagger UI, without internet access, at /docs."""

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

from api.http import examples
from api.http.conditional import MAX_AGE_S
from api.http.declarations import EVERYBODY, Declaration, OpenRoutes, declare
from api.http.door import Door
from api.http.problems import PROBLEM_JSON, RETRY_AFTER_S, http_problem
from api.http.schemas import Problem
from api.places import examples as places_examples

OPENAPI_PATH = "/openapi.json"
DOCS_PATH = "/docs"
API_VERSION = "1.0.0"

DESCRIPTION = """\
The right place, open when you get there, clean today.

Positions are WGS84 degrees, longitude first in GeoJSON. Distances are metres on the sphere; times are RFC 3339 in UTC.
Responses are GeoJSON and list the attribution that the licences of their data require. null means unknown, not no.
Errors are problem documents (RFC 9457) of at most 16 kB that name at most 20 bad values. Write lists in a query as
kind=toilets,shower or kind=toilets&kind=shower. Unknown parameters, and single values given more than once, are
rejected. Public responses carry a strong ETag: send it back as If-None-Match.

Every request needs one Host header field, else it gets a 400. Two responses have no body: 400 if the request is not
HTTP/1.1, and 431 if its target and header fields have more than 64 kB together or it has more than 98 fields.
"""

DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
"""Content-Security-Policy of Swagger UI, which has an inline script and loads nothing from other hosts."""

SWAGGER_UI = {
    "app_name": "Beforehand",
    "layout": "BaseLayout",  # without the bar that would load another host's document
    "validatorUrl": None,  # without its badge, which would reveal readers to swagger.io
    "oauth2RedirectUrl": "",  # there is no OAuth; the default would repeat the Host header
    "defaultModelsExpandDepth": 0,  # the schemas are collapsed
    "displayRequestDuration": True,
}

_TEXT = {"type": "string"}
_ETAG = '"1c3a5b2-9f86d081884c7d659a-60303ae22b998861bc"'

_VALIDATORS = {
    "ETag": {"schema": _TEXT, "example": _ETAG, "description": "Of this request, minute and data."},
    "Cache-Control": {"schema": _TEXT, "example": f"public, max-age={MAX_AGE_S}"},
}

_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": _TEXT,
    "description": "The ETag of the caller's copy. The answer is 304 if it is still current.",
}

_STANDING = {
    "RateLimit": {"schema": _TEXT, "example": '"day";r=0;t=43200', "description": "Requests left; seconds to more."},
    "RateLimit-Policy": {"schema": _TEXT, "example": '"day";q=10000;w=86400', "description": "Quota and its window."},
}

_PROBLEM_HEADERS: Mapping[int, Mapping[str, Any]] = {
    308: {
        "Location": {"schema": _TEXT, "example": "/v1/facilities/7", "description": "The same URL of that facility."},
        "Cache-Control": {"schema": _TEXT, "example": "no-cache", "description": "A moderator may undo the merge."},
    },
    401: {"WWW-Authenticate": {"schema": _TEXT, "example": 'Bearer realm="beforehand", error="invalid_token"'}},
    429: {
        "Retry-After": {"schema": {"type": "integer"}, "example": 43_200, "description": "Seconds."},
        **_STANDING,
    },
    503: {
        "Retry-After": {
            "schema": {"type": "integer"},
            "example": RETRY_AFTER_S,
            "description": "Seconds. Absent if only a cheaper request will be answered.",
        }
    },
}


class DocumentedApi(Api):
    """flask-smorest's Api, with problem documents in place of its own errors."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None  # each operation documents only the problems that its route declares

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Return the problem document of an HTTP error."""
        return http_problem(error)


def register(app: Flask, doors: Sequence[Door]) -> None:
    """Register the routes of the blueprints and their documentation."""
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
                        "description": "A partner's key: publishable (bfp_) for pages of its origins, secret (bfk_) "
                        "for servers.",
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
    blueprint = OpenRoutes("documentation", __name__)
    body = orjson.dumps(document)
    etag = blake2b(body, digest_size=9).hexdigest()

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
    """Add the security and the problem documents that routes declare, and the ETag headers of public answers.

    Args:
        document: flask-smorest's OpenAPI document, changed in place.
        declarations: by operationId.
    """
    components = document["components"]
    components["schemas"].pop("PaginationMetadata", None)  # flask-smorest's; this API pages by cursor
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
    """Return the description of a path parameter by the type of its schema."""
    if parameter["schema"].get("format") == "uuid":
        return {"description": "As returned by GET /v1/me and in decisions.", "example": examples.UUID}
    if parameter["schema"]["type"] == "string":
        return {"description": "The name that the person was added with.", "example": "anna"}
    return {"description": "As returned by the list of these objects.", "example": places_examples.ONE["id"]}


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
