"""Errors as problem documents (RFC 9457): one table says what each domain fact means over HTTP."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from api import limits
from api.declarations import schemas_of
from geo.errors import (
    BeforehandError,
    CellTooCoarse,
    Conflict,
    DatabaseBusy,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnavailable,
    FacilityNotFound,
    InvalidCoordinates,
    InvalidKeyTerms,
    InvalidRoute,
    InvalidToken,
    LimitReached,
    NotAllowed,
    OutOfDate,
    RatingNotFound,
    SchemaMismatch,
    ThingNotFound,
)

PROBLEM_JSON = "application/problem+json"

RETRY_AFTER_S = 5
"""When a caller may try again after a 503: a database that restarts is back within seconds."""

MAX_ERRORS = 20
"""Bad values that one problem lists: more than anybody repairs at once."""

MAX_ERRORS_BYTES = 8_000
"""Of all listed bad values as JSON. With as much again for everything else, a problem has at most 16 kB: no request is
answered with many times its own size."""

MAX_DETAIL_CHARACTERS = 1_000
"""Of the sentence of a problem, of which JSON makes 6 bytes each at most."""

MAX_NAME_CHARACTERS = 100
"""Of a bad value's name, which is the caller's."""

MAX_ENTRY_CHARACTERS = 300
"""Of a bad value's detail, and of its pointer, which is left out where it is longer: a part of it points elsewhere."""

STATUS_OF: Mapping[type[BeforehandError], int] = {
    FacilityNotFound: 404,
    RatingNotFound: 404,
    CellTooCoarse: 422,
    ThingNotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    OutOfDate: 412,
    InvalidCoordinates: 422,
    InvalidRoute: 422,
    InvalidToken: 401,
    InvalidKeyTerms: 422,
    LimitReached: 429,
    DatabaseUnavailable: 503,
    DatabaseReadOnly: 503,
    DatabaseBusy: 503,
    DatabaseFull: 503,
    SchemaMismatch: 503,
}

_UNAVAILABLE: Mapping[type[BeforehandError], str] = {
    DatabaseUnavailable: "the database does not answer just now; nothing was lost, please ask again",
    DatabaseReadOnly: "the database takes no writes at the moment, as while another server takes over; "
    "nothing was changed, please ask again",
    DatabaseBusy: "other requests were in the way of this one; nothing was changed, please ask again",
    DatabaseFull: "the database has no room for anything new at the moment; nothing was changed, please ask again",
    SchemaMismatch: "the schema of the database is being changed, as during a release; please ask again",
}
"""What a 503 says. Retry-After says when."""

_DETAILS: Mapping[int, str] = {
    404: "there is nothing at this path; /docs lists what there is",
    413: "the body is larger than anything that is asked for here",
}
"""In place of werkzeug's sentences, which speak to somebody at a browser."""


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document; of many bad values, see ``bad_values``.

    Args:
        status: the HTTP status.
        detail: one sentence for the developer on the other side; what is longer than MAX_DETAIL_CHARACTERS is cut.
        errors: one entry for each bad value: ``in``, ``name``, ``detail``, and ``pointer`` in a body.
        headers: more response headers.
        members: of a registered problem type: its ``type``, ``title`` and extension members.
    """
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": _cut(detail, MAX_DETAIL_CHARACTERS),
        **(members or {}),
    }
    if errors:
        document["errors"] = list(errors)
    response = Response(orjson.dumps(document), status=status, content_type=PROBLEM_JSON)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def bad_values(status: int, errors: Iterable[Mapping[str, str]], headers: Mapping[str, str] | None = None) -> Response:
    """The problem document of bad values: it lists the first MAX_ERRORS, and says how many more there are.

    Args:
        status: the HTTP status.
        errors: as of ``problem``, one at least, of any number and length.
        headers: more response headers.
    """
    rest = iter(errors)
    listed, size_bytes, more = [], 0, 0
    for error in islice(rest, MAX_ERRORS):
        entry = _entry(error)
        size_bytes += len(orjson.dumps(entry))
        if size_bytes > MAX_ERRORS_BYTES:
            more = 1
            break
        listed.append(entry)
    more += sum(1 for _ in rest)
    said = "; ".join(f"{entry['name']}: {entry['detail']}" for entry in listed)
    if more:
        more_said = f"; and {more} more"
        said = _cut(said, MAX_DETAIL_CHARACTERS - len(more_said)) + more_said
    return problem(status, said, errors=listed, headers=headers)


def _entry(error: Mapping[str, str]) -> dict[str, str]:
    """A bad value as it is listed; the caller's own text in it is cut."""
    most = {"name": MAX_NAME_CHARACTERS}
    entry = {member: _cut(text, most.get(member, MAX_ENTRY_CHARACTERS)) for member, text in error.items()}
    if entry.get("pointer") != error.get("pointer"):
        del entry["pointer"]
    return entry


def _cut(text: str, most: int) -> str:
    text = text if len(text) <= most else text[: most - 1] + "…"
    return text.encode(errors="replace").decode()  # half a surrogate pair cannot be sent back


def register(app: Flask) -> None:
    """Let the app answer each error with its problem document."""
    app.register_error_handler(BeforehandError, _domain_problem)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(Exception, _unexpected)


def _domain_problem(error: BeforehandError) -> Response:
    status = STATUS_OF.get(type(error))
    if status is None:
        return _unexpected(error)
    if isinstance(error, LimitReached):
        members = limits.refusal_members(error.policy)
        return problem(429, str(error), headers=limits.refusal_headers(error), members=members)
    if status == 503:
        _log_unavailable(error)
        return unavailable(_UNAVAILABLE[type(error)])
    headers = {"WWW-Authenticate": 'Bearer realm="beforehand", error="invalid_token"'} if status == 401 else {}
    return problem(status, str(error), errors=list(_values_at_fault(error)), headers=headers)


def _values_at_fault(error: BeforehandError) -> Iterator[dict[str, str]]:
    """The entry of the value that an error is about, where the route takes one of that name."""
    schemas = schemas_of(current_app.view_functions[request.endpoint]) if request.endpoint else {}
    taken = {"path": request.view_args or {}, **{place: schema.fields for place, schema in schemas.items()}}
    for name, (place, names) in product(error.about, taken.items()):
        if name in names:
            yield _entry(_bad_value(place, (name,), str(error)))
            return


def unavailable(detail: str) -> Response:
    """The problem document of what will be well in a moment."""
    return problem(503, detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def http_problem(error: HTTPException) -> Response:
    """The problem document of werkzeug's and webargs' errors, with their own headers (Allow, WWW-Authenticate)."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # a Response made by us, passed through abort()
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    messages = (getattr(error, "data", None) or {}).get("messages")
    if isinstance(messages, Mapping):
        return bad_values(error.code or 500, _errors(messages), headers)
    return problem(error.code or 500, _DETAILS.get(error.code or 500, error.description or ""), headers=headers)


def _errors(messages: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Webargs' nested messages, {place: {name: [text]}}, one entry each."""
    for place, faults in messages.items():
        for path, detail in _leaves(faults, ()):
            yield _bad_value(place, path, detail)


def _bad_value(place: str, path: tuple[str, ...], detail: str) -> dict[str, str]:
    """A bad value as ``problem`` takes it.

    Args:
        place: ``path``, ``query`` or ``json``, as webargs calls a body.
        path: the names that lead to it; none for the body itself.
        detail: what is wrong with it.
    """
    if place != "json":
        return {"in": place, "name": path[0], "detail": detail}
    pointer = "#" + "".join(f"/{_pointer_step(step)}" for step in path)
    return {"in": "body", "name": ".".join(path) or "body", "detail": detail, "pointer": pointer}


def _pointer_step(name: str) -> str:
    """A step of a JSON Pointer in a URI fragment (RFC 6901, section 6)."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~", errors="replace")


def _leaves(faults: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(faults, Mapping):
        for name, inner in faults.items():
            # marshmallow files what concerns a whole object under _schema
            yield from _leaves(inner, path if name == "_schema" else (*path, str(name)))
    else:
        for text in [faults] if isinstance(faults, str) else faults:
            yield path, str(text)


def _log_unavailable(error: BeforehandError) -> None:
    cause = error.__cause__ or error
    more = {}
    if isinstance(error, (SchemaMismatch, DatabaseBusy)):  # or a fault of ours: the frames say which
        more = {"request_id": g.get("request_id"), "frames": _frames(cause)}
    structlog.get_logger().warning("database_away", problem=type(error).__name__, error=type(cause).__name__, **more)


def _unexpected(error: Exception) -> Response:
    # The traceback only: the message of a database error quotes the parameters, and those hold coordinates.
    structlog.get_logger().error(
        "unexpected_error", request_id=g.get("request_id"), error=type(error).__name__, frames=_frames(error)
    )
    return problem(500, "an unexpected error; it has been logged")


def _frames(error: BaseException) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames
