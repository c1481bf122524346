"""Examples of questions, for the documentation."""

from typing import Any

from api.places.examples import ATTRIBUTION

ASK: dict[str, Any] = {
    "facility_id": 7,
    "label": "Forum",
    "question": "Forum: nobody has rated it for 5 months. How clean was it?",
    "distance_m": 70.2,
    "worth_stars": 0.0241,
}

ASKS = {
    "asks": [ASK],
    "silent": None,
    "language": "en",
    "as_of": "2026-11-20T11:00:00Z",
    "attribution": [ATTRIBUTION],
}
