"""Examples of devices, ratings, reports and proposals."""

from typing import Any

from api.places.examples import RATING

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

RATING_RECEIPT: dict[str, Any] = {
    **_PUBLIC_RATING,
    "comment_state": "visible",
    "counts_as": {
        "weight": 0.8,
        "age": 1.0,
        "track": 1.0,
        "presence": 0.8,
        "rush": 1.0,
        "why": ["It was not made at the place, where ratings count more."],
    },
    "facility_id": 12,
    "facility_rating": RATING,
}

RATINGS: dict[str, Any] = {"ratings": [_PUBLIC_RATING], "next_cursor": "20261121T120041.930412Z-731"}

REPORT_RECEIPT = {"id": 41, "reason": "closed", "created_at": "2026-11-21T12:00:41.930412Z"}

NEW_PROPOSAL = {
    "lat": 60.1708,
    "lon": 24.9414,
    "attributes": {"kind": "toilets", "name": "Asema-aukio", "wheelchair": "yes", "opening_hours": "Mo-Su 06:00-22:00"},
    "note": "Beside the eastern entrance.",
}

PROPOSAL_RECEIPT = {
    "id": 7,
    "state": "pending",
    "likely_duplicates": [{"facility_id": 12, "name": "Asema-aukio", "kind": "toilets", "distance_m": 12.4}],
}
