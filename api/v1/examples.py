"""An example of each response, for the documentation. A test validates them against the schemas."""

from typing import Any

from werkzeug.http import HTTP_STATUS_CODES

from api.limits import refusal_members
from geo.facilities.attributes import ATTRIBUTE_NAMES

UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

_ATTRIBUTION: dict[str, Any] = {
    "attribution": "© OpenStreetMap contributors",
    "licence": "ODbL-1.0",
    "url": "https://www.openstreetmap.org/copyright",
}

_RATING: dict[str, Any] = {
    "mean": 4.5,
    "count": 6,
    "demo_count": 0,
    "excluded_count": 0,
    "quality": 4.1127,
    "sd": 0.4311,
    "verdict": "sit",
    "last_rated_at": "2026-11-20T09:14:03.201544Z",
}

_FEATURE: dict[str, Any] = {
    "type": "Feature",
    "id": 12,
    "geometry": {"type": "Point", "coordinates": [24.9414, 60.1708]},
    "properties": {
        "kind": "toilets",
        "offers": ["toilets", "baby_care"],
        "name": "Asema-aukio",
        "venue": None,
        "status": "active",
        "status_note": None,
        "address": {
            "street": "Asema-aukio",
            "house_number": None,
            "postcode": "00100",
            "city": "Helsinki",
            "region": None,
            "country": "FI",
        },
        "level": None,
        "operator": None,
        "distance_m": 195.4,
        "bearing_deg": 58.9,
        "duration_s": 184.0,
        "rating": _RATING,
        "open": {
            "state": "open",
            "until": "2026-11-21T20:00:00Z",
            "at": "2026-11-21T12:00:00Z",
            "opening_hours": "Mo-Su 06:00-22:00",
            "note": None,
        },
        **dict.fromkeys(ATTRIBUTE_NAMES),
        "access": "public",
        "wheelchair": "yes",
        "fee": "no",
        "changing_table": "yes",
        "sources": [
            {
                "dataset": "helsinki-centre",
                "external_id": "node/25038420",
                "seen_at": "2026-11-21T08:00:00Z",
                **_ATTRIBUTION,
            }
        ],
    },
}

COLLECTION: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [_FEATURE],
    "as_of": "2026-11-21T12:00:00Z",
    "widened": False,
    "note": None,
    "attribution": [_ATTRIBUTION],
}

ONE: dict[str, Any] = {
    **_FEATURE,
    "properties": {**_FEATURE["properties"], "distance_m": None, "bearing_deg": None, "duration_s": None},
    "observed": {"soap": {"yes": 4, "of": 5, "low": 0.3755, "high": 0.9638}},
    "as_of": "2026-11-21T12:00:00Z",
    "attribution": [_ATTRIBUTION],
}

DEVICE: dict[str, Any] = {
    "token": "bfd_shown-this-once-keep-it-on-the-device",
    "expires_at": "2027-11-21T12:00:00Z",
}

NEW_RATING: dict[str, Any] = {
    "stars": 5,
    "comment": "Warm water, fresh towels.",
    "observed": {"soap": "yes", "queue_min": 2},
}

_PUBLIC_RATING: dict[str, Any] = {
    "id": 731,
    **NEW_RATING,
    "rated_at": "2026-11-21T12:00:41.930412Z",
    "demo": False,
}

RECEIPT: dict[str, Any] = {**_PUBLIC_RATING, "comment_state": "visible", "facility_id": 12, "facility_rating": _RATING}

RATINGS: dict[str, Any] = {"ratings": [_PUBLIC_RATING], "next_cursor": "20261121T120041.930412Z-731"}

PROBLEM_DETAILS: dict[int, tuple[str, list[dict[str, str]]]] = {
    400: (
        "body: is not JSON in UTF-8",
        [{"in": "body", "name": "body", "detail": "is not JSON in UTF-8", "pointer": "#"}],
    ),
    401: ("unknown token", []),
    403: ("this key is not bound to the origin of this page", []),
    404: ("there is no facility 12", [{"in": "path", "name": "facility_id", "detail": "there is no facility 12"}]),
    409: ("queue item 5 is already decided", []),
    412: ("queue item 5 has changed and is now at version 4: read it again", []),
    413: ("request body too large", []),
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
