"""The test client of all tests. It fails a test when a response has a status that OpenAPI does not document."""

import re
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from api.http.documentation import OPENAPI_PATH

UNDOCUMENTED = {500}
"""No operation documents a server error. Tests that provoke one check the status themselves."""


class ConformingClient(FlaskClient):
    """Compares the status of each response with those that its operation documents."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        require_documented(self.application, response)
        return response


def require_documented(app: Flask, response: TestResponse) -> None:
    """Fail if an operation of the API answers with a status that it does not document."""
    method, path = operation_of(app, response)
    documented = documented_statuses().get((method, path))
    if documented is not None:
        status = response.status_code
        assert status in documented | UNDOCUMENTED, f"{method} {path} answers {status}, documents {sorted(documented)}"


def operation_of(app: Flask, response: TestResponse) -> tuple[str, str]:
    """Return the method and the OpenAPI path of the route that answered; the path is empty if no route did."""
    method = "GET" if response.request.method == "HEAD" else response.request.method
    try:
        rule, _ = app.url_map.bind_to_environ(response.request.environ).match(return_rule=True)
    except HTTPException:
        return method, ""
    return method, re.sub(r"<(?:[^>]*:)?(\w+)>", r"{\1}", rule.rule)


@cache
def documented_statuses() -> dict[tuple[str, str], set[int]]:
    """Return the statuses that each operation documents, by method and path."""
    app = create_app(Settings("postgresql://not.used", private_postgres=None, port=8000, workers=1))
    document = FlaskClient(app, TestResponse).get(OPENAPI_PATH).get_json()
    return {
        (method.upper(), path): {int(status) for status in operation["responses"]}
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }
