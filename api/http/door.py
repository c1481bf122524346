"""Blueprints that reject unknown and repeated parameters, wrong media types and oversized bodies by name."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any

from flask import Request, current_app, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from webargs.flaskparser import FlaskParser, abort
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from api.http.asgi import SAFE_METHODS
from api.http.declarations import Declaration, Error, Policy, declare, schemas_of
from api.http.problems import STATUS_OF, bad_values, problem
from api.http.suggestions import UNKNOWN_PARAMETER
from geo.errors import DatabaseUnavailable, RaceLost

JSON = "application/json"

MAX_MEMBERS = 64
"""Members of a JSON object: three times as many as the largest schema has. Larger objects are rejected before a schema
examines each member."""


REPETITIONS = 2
"""How often a view is repeated after it lost a race: whoever loses three in a row waits better at home."""


class StrictParser(FlaskParser):
    """The webargs parser, which also rejects unknown parameters and JSON objects with repeated members."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE, "json": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002 - webargs' signature
        """Return the parsed JSON body."""
        try:
            return json.loads(req.get_data().decode(), object_pairs_hook=_object)
        except (ValueError, RecursionError):  # not UTF-8, not JSON, thousands of digits, thousands of brackets
            abort(400, messages={"json": ["is not JSON in UTF-8"]})


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        abort(422, messages={"json": [f"contains an object with {len(pairs)} members; the maximum is {MAX_MEMBERS}"]})
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            abort(422, messages={"json": {name: ["is given more than once"]}})
        members[name] = value
    return members


class Door(Blueprint):
    """A blueprint whose routes accept only the parameters that their schemas declare."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, max_body_bytes: int | None = None, **kwargs: Any) -> None:
        """Create the blueprint.

        Args:
            args: arguments of flask-smorest's Blueprint.
            max_body_bytes: the maximum size of a request body. Default: the app's MAX_CONTENT_LENGTH.
            kwargs: keyword arguments of flask-smorest's Blueprint.
        """
        super().__init__(*args, **kwargs)
        self.max_body_bytes = max_body_bytes
        self.declarations: dict[str, Declaration] = {}
        self.before_request(lambda: _refuse_loose_requests(max_body_bytes))

    def arguments(self, schema: type[Schema], **options: Any) -> Any:
        """Declare a route's parameters. All requests share one schema instance: creating one copies every field."""
        return super().arguments(schema(), **options)

    def route(
        self, rule: str, *, caller: Policy, raises: Sequence[Error] = (), methods: Sequence[str] = ("GET",)
    ) -> Any:
        """Declare a route. The function's name is its operationId, which generated clients use as the method name.

        Args:
            rule: the path in werkzeug's syntax.
            caller: who may call the route.
            raises: the domain errors that the view raises, in addition to the refusals of the caller.
            methods: the HTTP methods.
        """
        add = super().route(rule, methods=methods)

        def declare_and_add(view: Any) -> Any:
            errors = (*caller.refusals, *raises, DatabaseUnavailable)
            problems = {STATUS_OF[error] for error in errors} | _refusals(methods, schemas_of(view))
            self.declarations[view.__name__] = Declaration(caller, frozenset(problems))
            declared = declare(_repeating(view), self.declarations[view.__name__])
            return add(self.doc(operationId=view.__name__)(declared))

        return declare_and_add


def _repeating(view: Callable[..., Any]) -> Callable[..., Any]:
    """Repeat a view whose transaction was rolled back because of a concurrent one: it has changed nothing."""

    @wraps(view)
    def repeated(*args: Any, **kwargs: Any) -> Any:
        for _ in range(REPETITIONS):
            with suppress(RaceLost):
                return view(*args, **kwargs)
        return view(*args, **kwargs)

    return repeated


def _refusals(methods: Sequence[str], schemas: Mapping[str, Schema]) -> set[int]:
    """Return the statuses with which any request, its parameters or its body are rejected before the view."""
    statuses = {400, 422}
    if not SAFE_METHODS.issuperset(methods):
        statuses |= {408, 413}
    if "json" in schemas:
        statuses.add(415)
    return statuses


def _refuse_loose_requests(max_body_bytes: int | None) -> None:
    """Reject repeated parameters, parameters of a route that takes none, and bodies that are not JSON or too large."""
    if request.method not in SAFE_METHODS:
        _read_body(max_body_bytes or current_app.config["MAX_CONTENT_LENGTH"])
    schemas = schemas_of(current_app.view_functions[request.endpoint or ""])
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    lists = _lists(schemas) if repeated else ()
    errors = [
        {"in": "query", "name": name, "detail": "is given more than once"} for name in repeated if name not in lists
    ]
    if "query" not in schemas:
        errors += [{"in": "query", "name": name, "detail": UNKNOWN_PARAMETER} for name in request.args]
    if errors:
        raise HTTPException(response=bad_values(422, errors))
    if "json" in schemas and request.mimetype != JSON:
        raise HTTPException(response=problem(415, f"send the body with Content-Type: {JSON}", headers={"Accept": JSON}))


def _read_body(max_bytes: int) -> None:
    """Read the whole body; the request object keeps it.

    Raises:
        RequestEntityTooLarge: the body exceeds max_bytes.
    """
    request.max_content_length = max_bytes
    # werkzeug checks the size only when the body is used, and truncates a body without a declared length.
    if len(request.get_data()) >= max_bytes:
        raise RequestEntityTooLarge


def _lists(schemas: Mapping[str, Schema]) -> set[str]:
    """Return the names of the query parameters that may be repeated."""
    if "query" not in schemas:
        return set()
    return {name for name, field in schemas["query"].fields.items() if getattr(field, "is_multiple", False)}
