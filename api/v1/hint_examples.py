"""Example request and response of POST /v1/hints, for the documentation. Tests validate them against the schemas."""

from typing import Any

from api.v1 import examples

_FEATURE: dict[str, Any] = examples.COLLECTION["features"][0]

REQUEST: dict[str, Any] = {
    "lat": 60.1699,
    "lon": 24.9384,
    "heading_deg": 58,
    "speed_m_s": 1.2,
    "mode": "walk",
    "comfort_s": 7200,
    "since_last_stop_s": 5800,
    "last_hint_at": "2026-11-21T10:40:00Z",
    "last_hint_facility_id": 31,
    "dismissed": [17],
    "quiet_hours": {"from": "22:00", "to": "07:00"},
    "local_time": "14:00",
}

HINT: dict[str, Any] = {
    "speak": True,
    "reason": "comfort_running_out",
    "text": "Asema-aukio, 200 metres away: a good moment for a stop.",
    "language": "en",
    "facility": _FEATURE,
    "backup": None,
    "valid_until": "2026-11-21T12:15:00Z",
    "ask_again": {"after_s": 1800, "after_m": None},
    "as_of": "2026-11-21T12:00:00Z",
    "attribution": examples.COLLECTION["attribution"],
}

FENCES: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            **_FEATURE,
            "properties": {
                **_FEATURE["properties"],
                "radius_m": 150.0,
                "dwell_s": 90,
                "text": "Close by: Asema-aukio, rated 4.1 of 5.",
            },
        }
    ],
    "refresh_region": {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [24.9384, 60.1699]},
        "properties": {"radius_m": 412},
    },
    "language": "en",
    "note": None,
    "as_of": "2026-11-21T12:00:00Z",
    "expires_at": "2026-11-21T18:00:00Z",
    "attribution": examples.COLLECTION["attribution"],
}
