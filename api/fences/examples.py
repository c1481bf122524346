"""Example response of GET /v1/fences."""

from typing import Any

from api.places.examples import COLLECTION, FEATURE

FENCES: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            **FEATURE,
            "properties": {
                **FEATURE["properties"],
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
    "attribution": COLLECTION["attribution"],
}
