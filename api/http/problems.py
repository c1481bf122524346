"""Problem documents (RFC 9457): translates domain errors and HTTP errors into responses, from one table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from flask import Flask, Response, current_app, g, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from api.http import limits
from api.http.asgi import BODY_TOO_LARGE, REFUSAL
from api.http.declarations import schemas_of
from geo.database import READ_TIMEOUT_MS
from geo.errors import (
    AreaTooLarge,
    BeforehandError,
    CellTooCoarse,
    Conflict,
    DatabaseBusy,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnavailable,
    FacilityMerged,
    FacilityNotFound,
    InvalidCoordinates,
    InvalidKeyTerms,
    InvalidRoute,
    InvalidToken,
    LimitReached,
    NotAllowed,
    OutOfDate,
    RaceLost,
    RatingNotFound,
    RecordNotFound,
    SchemaMismatch,
    TooExpensive,
)

PROBLEM_JSON = "application/problem+json"

RETRY_AFTER_S = 5
"""Value of Retry-After in a 503 response. A restarting database is back within seconds."""

MAX_ERRORS = 20
"""Maximum number of bad values that a problem document lists: more than anybody fixes at once."""

MAX_ERRORS_BYTES = 8_000
"""Maximum size of all listed bad values as JSON. With as much again for the rest, a problem document has at most 16 kB,
so that a small request cannot cause a large response."""

MAX_DETAIL_CHARACTERS = 1_000
"""Maximum length of ``detail``. JSON needs at most 6 bytes for each character."""

MAX_NAME_CHARACTERS = 100
"""Maximum length of a bad value's name, which the caller chose."""

MAX_ENTRY_CHARACTERS = 300
"""Maximum length of a bad value's detail and pointer. A longer pointer is omitted: a part of it points elsewhere."""

STATUS_OF: Mapping[type[BeforehandError], int] = {
    FacilityMerged: 308,
    FacilityNotFound: 404,
    RatingNotFound: 404,
    AreaTooLarge: 422,
    CellTooCoarse: 422,
    RecordNotFound: 404,
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
    RaceLost: 503,
    DatabaseFull: 503,
    TooExpensive: 503,
    SchemaMismatch: 503,
}

_UNAVAILABLE: Mapping[type[BeforehandError], str] = {
    DatabaseUnavailable: "the database does not respond at the moment; no data was lost, please try again",
    DatabaseReadOnly: "the database does not accept writes at the moment, for example during a failover; "
    "nothing was changed, please try again",
    DatabaseBusy: "the database is busy with other requests; nothing was changed, please try again",
    RaceLost: "this request conflicted with concurrent requests; nothing was changed, please try again",
    DatabaseFull: "the database has no space for new data at the moment; nothing was changed, please try again",
    SchemaMismatch: "the database schema is being changed, for example during a release; please try again",
    TooExpensive: f"the answer would have taken longer than {READ_TIMEOUT_MS / 1000:g} s; please try again",
}
"""The detail of each 503 response."""

_COSTLY = ("polyline", "line", "route", "max_offset_m", "bbox", "radius_m", "limit")
"""The parameters that determine what an answer costs, of all routes."""

_TOO_EXPENSIVE = (
    f"this request is too expensive: the answer would have taken longer than {READ_TIMEOUT_MS / 1000:g} s. The same "
    "request will probably fail again; reduce the values in errors"
)
"""The detail of a 503 whose request can be made cheaper."""

_KEPT_IN_QUERIES = "%&=;:,/?@!$'()*+~"
"""Characters of a query string that stay as they are: those that RFC 3986 allows, and percent-encoded ones."""

_DETAILS: Mapping[int, str] = {
    404: "there is no route at this path; /docs lists all routes",
    413: BODY_TOO_LARGE.detail,
}
"""Replacements of werkzeug's descriptions, which are written for users of a browser."""


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Return a problem document. For bad values, use ``bad_values``, which limits its size.

    Args:
        status: the HTTP status.
        detail: one sentence for the client's developer; it is cut at MAX_DETAIL_CHARACTERS.
        errors: one entry for each bad value: ``in``, ``name``, ``detail``, and ``pointer`` in a body.
        headers: additional response headers.
        members: ``type``, ``title`` and extension members of a registered problem type.
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
    """Return a problem document that lists the first MAX_ERRORS bad values and the number of the others.

    Args:
        status: the HTTP status.
        errors: entries as for ``problem``, at least one, of any number and length.
        headers: additional response headers.
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
    detail = "; ".join(f"{entry['name']}: {entry['detail']}" for entry in listed)
    if more:
        rest_of_detail = f"; and {more} more"
        detail = _cut(detail, MAX_DETAIL_CHARACTERS - len(rest_of_detail)) + rest_of_detail
    return problem(status, detail, errors=listed, headers=headers)


def _entry(error: Mapping[str, str]) -> dict[str, str]:
    """Return a bad value's entry with the caller's own text shortened."""
    most = {"name": MAX_NAME_CHARACTERS}
    entry = {member: _cut(text, most.get(member, MAX_ENTRY_CHARACTERS)) for member, text in error.items()}
    if entry.get("pointer") != error.get("pointer"):
        del entry["pointer"]
    return entry


def _cut(text: str, most: int) -> str:
    text = text if len(text) <= most else text[: most - 1] + "…"
    return text.encode(errors="replace").decode()  # a lone surrogate cannot be encoded


def register(app: Flask) -> None:
    """Make the app answer every error with a problem document."""
    app.register_error_handler(BeforehandError, _domain_problem)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(Exception, _unexpected)

    @app.before_request
    def _refuse_as_received() -> Response | None:
        refusal = request.environ.get(REFUSAL)
        if refusal is None:
            return None
        return unavailable(refusal.detail) if refusal.status == 503 else problem(refusal.status, refusal.detail)


def _domain_problem(error: BeforehandError) -> Response:
    status = STATUS_OF.get(type(error))
    if status is None:
        return _unexpected(error)
    if isinstance(error, LimitReached):
        members = limits.refusal_members(error.policy)
        return problem(429, str(error), headers=limits.refusal_headers(error), members=members)
    if isinstance(error, FacilityMerged):
        headers = {"Location": _url_of(error.into), "Cache-Control": "no-cache"}  # a split undoes the merge
        return problem(status, str(error), errors=_wrong_values(error), headers=headers)
    if status == 503:
        _log_unavailable(error)
        if isinstance(error, TooExpensive) and (reducible := _reducible_values()):
            # Without Retry-After: the same request would take as long again.
            return problem(503, _TOO_EXPENSIVE, errors=reducible)
        return unavailable(_UNAVAILABLE[type(error)])
    headers = {"WWW-Authenticate": 'Bearer realm="beforehand", error="invalid_token"'} if status == 401 else {}
    return problem(status, str(error), errors=_wrong_values(error), headers=headers)


def _url_of(facility_id: int) -> str:
    """Return the path and the query string of this request for another facility."""
    path = url_for(request.endpoint or "", **{**(request.view_args or {}), "facility_id": facility_id})
    query = quote(request.query_string, safe=_KEPT_IN_QUERIES)
    return f"{path}?{query}" if query else path


def _wrong_values(error: BeforehandError) -> list[dict[str, str]]:
    """Return the entry of the value that a domain error is about; none if the route takes no value of that name."""
    schemas = schemas_of(current_app.view_functions[request.endpoint]) if request.endpoint else {}
    taken = {"path": request.view_args or {}, **{place: schema.fields for place, schema in schemas.items()}}
    for name, (place, names) in product(error.about, taken.items()):
        if name in names:
            return [_entry(_bad_value(place, (name,), str(error)))]
    return []


def _reducible_values() -> list[dict[str, str]]:
    """Return the entries of those values of this request that determine what its answer costs."""
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        body = None
    given = {"query": request.args, "json": body if isinstance(body, Mapping) else {}}
    return [
        _bad_value(place, (name,), "makes the request expensive: reduce it")
        for place, values in given.items()
        for name in _COSTLY
        if name in values
    ]


def unavailable(detail: str) -> Response:
    """Return a 503 problem document for a temporary failure."""
    return problem(503, detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def http_problem(error: HTTPException) -> Response:
    """Return the problem document of a werkzeug or webargs error, with its headers (Allow, WWW-Authenticate)."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # a Response of this application, passed through abort()
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    messages = (getattr(error, "data", None) or {}).get("messages")
    if isinstance(messages, Mapping):
        return bad_values(error.code or 500, _errors(messages), headers)
    return problem(error.code or 500, _DETAILS.get(error.code or 500, error.description or ""), headers=headers)


def _errors(messages: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield one entry for each of webargs' nested messages, {place: {name: [text]}}."""
    for place, faults in messages.items():
        for path, detail in _leaves(faults, ()):
            yield _bad_value(place, path, detail)


def _bad_value(place: str, path: tuple[str, ...], detail: str) -> dict[str, str]:
    """Return the entry of a bad value.

    Args:
        place: ``path``, ``query``, or webargs' ``json`` for the body.
        path: the names that lead to the value; none for the body itself.
        detail: what is wrong with it.
    """
    if place != "json":
        return {"in": place, "name": path[0], "detail": detail}
    pointer = "#" + "".join(f"/{_pointer_step(step)}" for step in path)
    return {"in": "body", "name": ".".join(path) or "body", "detail": detail, "pointer": pointer}


def _pointer_step(name: str) -> str:
    """Return one step of a JSON Pointer, escaped for a URI fragment (RFC 6901, section 6)."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~", errors="replace")


def _leaves(faults: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(faults, Mapping):
        for name, inner in faults.items():
            # marshmallow keeps the errors of a whole object under _schema
            yield from _leaves(inner, path if name == "_schema" else (*path, str(name)))
    else:
        for text in [faults] if isinstance(faults, str) else faults:
            yield path, str(text)


def _log_unavailable(error: BeforehandError) -> None:
    cause = error.__cause__ or error
    more = {}
    if isinstance(
        error, (SchemaMismatch, DatabaseBusy, RaceLost, TooExpensive)
    ):  # perhaps a defect of this code: in the frames
        more = {"request_id": g.get("request_id"), "frames": _frames(cause)}
    structlog.get_logger().warning("database_away", problem=type(error).__name__, error=type(cause).__name__, **more)


def _unexpected(error: Exception) -> Response:
    # Only the traceback: the message of a database error quotes its parameters, which include coordinates.
    structlog.get_logger().error(
        "unexpected_error", request_id=g.get("request_id"), error=type(error).__name__, frames=_frames(error)
    )
    return problem(500, "an unexpected error occurred and was logged")


def _frames(error: BaseException) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames
