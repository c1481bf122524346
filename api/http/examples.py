"""Examples of problem documents, for the documentation."""

from typing import Any

from werkzeug.http import HTTP_STATUS_CODES

from api.http.asgi import BODY_TOO_LARGE, BODY_TOO_LATE
from api.http.limits import refusal_members

UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

PROBLEM_DETAILS: dict[int, tuple[str, list[dict[str, str]]]] = {
    308: (
        "facility 12 is now part of facility 7",
        [{"in": "path", "name": "facility_id", "detail": "facility 12 is now part of facility 7"}],
    ),
    400: (
        "body: is not JSON in UTF-8",
        [{"in": "body", "name": "body", "detail": "is not JSON in UTF-8", "pointer": "#"}],
    ),
    401: ("unknown token", []),
    403: ("this key is not bound to the origin of this page", []),
    404: ("there is no facility 12", [{"in": "path", "name": "facility_id", "detail": "there is no facility 12"}]),
    408: (BODY_TOO_LATE.detail, []),
    409: ("queue item 5 is already decided", []),
    412: ("queue item 5 has changed and is now at version 4: read it again", []),
    413: (BODY_TOO_LARGE.detail, []),
    415: ("send the body with Content-Type: application/json", []),
    422: (
        "limit: must be between 1 and 100",
        [{"in": "query", "name": "limit", "detail": "must be between 1 and 100"}],
    ),
    429: ("too many requests: the limit 'day' allows 10000 in 86400 s", []),
    503: ("the database does not respond at the moment; no data was lost, please try again", []),
}
"""The detail and the bad values of an example problem for each status."""


def problem(status: int) -> dict[str, Any]:
    """Return an example problem document for a status."""
    detail, errors = PROBLEM_DETAILS[status]
    document = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status, "detail": detail}
    if status == 429:
        document |= refusal_members("day")
    return {**document, "errors": errors} if errors else document
