"""Example request and response of POST /v1/hints, for the documentation. Tests validate them against the schemas."""

from typing import Any

from api.places.examples import COLLECTION, FEATURE

REQUEST: dict[str, Any] = {
    "lat": 60.1699,
    "lon": 24.9384,
    "heading_deg": 58,
    "speed_m_s": 1.2,
    "mode": "walk",
    "comfort_s": 11700,
    "since_last_stop_s": 9400,
    "last_hint_at": "2026-11-21T10:40:00Z",
    "last_hint_facility_id": 31,
    "dismissed": [17],
    "declined": ["best_for_a_while"],
    "quiet_hours": {"from": "22:00", "to": "07:00"},
    "local_time": "14:00",
}

HINT: dict[str, Any] = {
    "speak": True,
    "reason": "comfort_running_out",
    "text": "Asema-aukio, 200 metres away: a good moment for a stop.",
    "language": "en",
    "facility": FEATURE,
    "backup": None,
    "valid_until": "2026-11-21T12:15:00Z",
    "ask_again": {"after_s": 1800, "after_m": None},
    "as_of": "2026-11-21T12:00:00Z",
    "attribution": COLLECTION["attribution"],
}
