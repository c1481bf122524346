"""How a request may be put: strictly. What is not known, or asked twice, is refused by name."""

import json
import re
from collections.abc import Mapping, Sequence
from threading import BoundedSemaphore
from typing import Any

from flask import Request, current_app, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate
from webargs.flaskparser import FlaskParser, abort
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from api.declarations import Declaration, Error, Policy, declare, schemas_of
from api.problems import STATUS_OF, bad_values, problem, unavailable
from geo.database import MAX_ID
from geo.errors import DatabaseUnavailable

JSON = "application/json"

DECIMAL = r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"
"""A decimal number as JSON writes it; Python's float() would also take 1_0, nan and Arabic digits."""

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})

BODIES_AT_ONCE = 4
"""How many of a process's threads, half of them, may wait for bodies still on their way: whoever never finishes sending
keeps no search waiting."""

BODY_TURN_S = 0.1
"""How long a request waits to be among them: a body mostly comes with its head, and is read within a millisecond."""

_waiting_for_bodies = BoundedSemaphore(BODIES_AT_ONCE)

MAX_MEMBERS = 64
"""Of a JSON object: three times as many as the largest of our schemas has. What has more is refused before a schema
looks at each."""

MAX_WORDS = 20
"""Of a list of words: more than any list has to choose from."""

CONTROL_CHARACTERS = r"\x00-\x08\x0b-\x1f\x7f"
"""All but tab and line feed: no keyboard writes them, and PostgreSQL refuses some."""

_UNPRINTABLE = re.compile(rf"[{CONTROL_CHARACTERS}\ud800-\udfff]")
"""Those and lone surrogates."""


def id_segment(name: str) -> str:
    """A path segment that holds the id of a row, as the argument ``name`` of its route."""
    return f"<int(max={MAX_ID}):{name}>"


class StrictParser(FlaskParser):
    """webargs, refusing what a schema does not name, and a body that could be read in two ways."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE, "json": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002 - webargs' signature
        """The body's JSON."""
        try:
            return json.loads(req.get_data().decode(), object_pairs_hook=_object)
        except (ValueError, RecursionError):  # no UTF-8, no JSON, thousands of digits, thousands of brackets
            abort(400, messages={"json": ["is not JSON in UTF-8"]})


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        abort(422, messages={"json": [f"holds an object of {len(pairs)} members; {MAX_MEMBERS} are the most"]})
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            abort(422, messages={"json": {name: ["is given more than once"]}})
        members[name] = value
    return members


class StrictSchema(Schema):
    """A schema of a request."""

    error_messages = {"unknown": "is not known here", "type": "must be a JSON object"}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002 - marshmallow's
        """Say in our words what every field may lack."""
        field_obj.error_messages |= {"required": "is needed", "null": "must not be null"}


def between(least: float, most: float) -> validate.Range:
    """A number's bounds, both included."""
    return validate.Range(least, most, error="must be from {min} to {max}")


class Decimal(fields.Float):
    """A finite decimal number in a query string."""

    default_error_messages = dict.fromkeys(("invalid", "special", "too_large"), "must be a decimal number")

    def _validated(self, value: Any) -> float:
        if isinstance(value, str) and not re.fullmatch(DECIMAL, value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class WholeNumber(fields.Integer):
    """A whole number in a query string, or with ``strict`` in JSON, where 5.0 is one too."""

    default_error_messages = {"invalid": "must be a whole number"}

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and not re.fullmatch("[+-]?[0-9]{1,18}", value, re.ASCII):
            raise self.make_error("invalid", input=value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return super()._validated(value)


class Array(fields.List[Any]):
    """A JSON array whose items are counted before any of them is read."""

    default_error_messages = {"invalid": "must be an array", "length": "must have {count} items"}

    def __init__(
        self,
        item: fields.Field[Any],
        *,
        most: int,
        least: int = 0,
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Know how many items there may be, both bounds included."""
        self._least, self._most = least, most
        super().__init__(item, metadata={**(metadata or {}), "minItems": least, "maxItems": most}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        self._count(len(value))
        return super()._deserialize(value, attr, data, **kwargs)

    def _count(self, items: int) -> None:
        if not self._least <= items <= self._most:
            count = f"from {self._least} to {self._most}" if self._least else f"at most {self._most}"
            raise self.make_error("length", count=count)


class QueryList(Array):
    """A list in a query, as ``kind=a,b``, as ``kind=a&kind=b`` or as both; what is given twice counts once."""

    is_multiple = True  # webargs hands over all values of a name

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        self._count(sum(text.count(",") + 1 for text in value))
        parts = [part for text in value for part in text.split(",")]
        return list(dict.fromkeys(super()._deserialize(parts, attr, data, **kwargs)))


class PlainText(fields.String):
    """Text that a person wrote: trimmed, with no control characters but tabs and line feeds."""

    default_error_messages = {"unprintable": "holds a control character or half a surrogate pair"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        assert isinstance(text, str)  # noqa: S101 - for mypy: String yields str
        if _UNPRINTABLE.search(text):
            raise self.make_error("unprintable")
        return text.strip()


def words(*allowed: str, **kwargs: Any) -> fields.String:
    """One of the allowed words."""
    return fields.String(validate=validate.OneOf(allowed, error="is not one of {choices}"), **kwargs)


class Door(Blueprint):
    """A group of routes that takes only what its schemas name."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, max_body_bytes: int | None = None, **kwargs: Any) -> None:
        """Make a door.

        Args:
            args: flask-smorest's.
            max_body_bytes: how large a body may be; the app's MAX_CONTENT_LENGTH unless told.
            kwargs: flask-smorest's.
        """
        super().__init__(*args, **kwargs)
        self.declarations: dict[str, Declaration] = {}
        self.before_request(lambda: _refuse_loose_requests(max_body_bytes))

    def arguments(self, schema: type[Schema], **options: Any) -> Any:
        """What a route takes: one instance of its schema for all requests, as to make one copies every field."""
        return super().arguments(schema(), **options)

    def route(
        self, rule: str, *, caller: Policy, raises: Sequence[Error] = (), methods: Sequence[str] = ("GET",)
    ) -> Any:
        """Declare a route; its function's name is its operation's, in OpenAPI and in generated clients.

        Args:
            rule: the path, as werkzeug writes it.
            caller: who may call it.
            raises: the domain errors that its view raises, beside the refusals of the caller.
            methods: the HTTP methods.
        """
        add = super().route(rule, methods=methods)

        def declare_and_add(view: Any) -> Any:
            errors = (*caller.refusals, *raises, DatabaseUnavailable)
            problems = {STATUS_OF[error] for error in errors} | _refusals(methods, schemas_of(view))
            self.declarations[view.__name__] = Declaration(caller, frozenset(problems))
            return add(self.doc(operationId=view.__name__)(declare(view, self.declarations[view.__name__])))

        return declare_and_add


def _refusals(methods: Sequence[str], schemas: Mapping[str, Schema]) -> set[int]:
    """The statuses by which a door refuses what a route does not take: parameters, and bodies where it reads them."""
    statuses = {422}
    if not _BODILESS.issuperset(methods):
        statuses.add(413)
    if "json" in schemas:
        statuses |= {400, 415}
    return statuses


def _refuse_loose_requests(max_body_bytes: int | None) -> None:
    """Refuse repeated parameters, parameters to a route that has none, and bodies that are not JSON or too large."""
    if request.method not in _BODILESS:
        _read_body(max_body_bytes or current_app.config["MAX_CONTENT_LENGTH"])
    schemas = schemas_of(current_app.view_functions[request.endpoint or ""])
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    lists = _lists(schemas) if repeated else ()
    errors = [
        {"in": "query", "name": name, "detail": "is given more than once"} for name in repeated if name not in lists
    ]
    if "query" not in schemas:
        errors += [{"in": "query", "name": name, "detail": "is not known here"} for name in request.args]
    if errors:
        raise HTTPException(response=bad_values(422, errors))
    if "json" in schemas and request.mimetype != JSON:
        raise HTTPException(response=problem(415, f"send the body with Content-Type: {JSON}", headers={"Accept": JSON}))


def _read_body(max_bytes: int) -> None:
    """Read the whole body, which the request then keeps.

    Raises:
        RequestEntityTooLarge: it is larger than anything that is asked for.
        HTTPException: too many callers keep us waiting for theirs.
    """
    request.max_content_length = max_bytes
    if not _waiting_for_bodies.acquire(timeout=BODY_TURN_S):
        raise HTTPException(response=unavailable("too many requests are still being sent; please ask again"))
    try:
        size_bytes = len(request.get_data())
    finally:
        _waiting_for_bodies.release()
    # werkzeug by itself looks only where a body is used, and cuts one of no declared length.
    if size_bytes >= max_bytes:
        raise RequestEntityTooLarge


def _lists(schemas: Mapping[str, Schema]) -> set[str]:
    """The names that a query may give more than once."""
    if "query" not in schemas:
        return set()
    return {name for name, field in schemas["query"].fields.items() if getattr(field, "is_multiple", False)}
