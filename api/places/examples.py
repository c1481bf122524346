"""Examples of facilities as GeoJSON. Tests validate all examples against the schemas."""

from typing import Any

from api.places.directions import directions
from geo.facilities.attributes import ATTRIBUTE_NAMES

ATTRIBUTION: dict[str, Any] = {
    "attribution": "© OpenStreetMap contributors",
    "licence": "ODbL-1.0",
    "url": "https://www.openstreetmap.org/copyright",
}

RATING: dict[str, Any] = {
    "mean": 4.5,
    "count": 6,
    "effective_count": 5.4,
    "demo_count": 0,
    "excluded_count": 0,
    "quality": 4.1127,
    "sd": 0.4311,
    "verdict": "sit",
    "last_rated_at": "2026-11-20T09:14:03.201544Z",
    "note": None,
}

FEATURE: dict[str, Any] = {
    "type": "Feature",
    "id": 12,
    "geometry": {"type": "Point", "coordinates": [24.9414, 60.1708]},
    "properties": {
        "kind": "toilets",
        "offers": ["toilets", "baby_care"],
        "name": "Asema-aukio",
        "label": "Asema-aukio",
        "label_detail": None,
        "venue": None,
        "status": "active",
        "status_note": None,
        "ranked_last": None,
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
        "directions": directions(24.9414, 60.1708, "walk"),
        "rating": RATING,
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
                "gave": None,
                **ATTRIBUTION,
            }
        ],
    },
}

COLLECTION: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [FEATURE],
    "as_of": "2026-11-21T12:00:00Z",
    "widened": False,
    "note": None,
    "attribution": [ATTRIBUTION],
}

ONE: dict[str, Any] = {
    **FEATURE,
    "properties": {**FEATURE["properties"], "distance_m": None, "bearing_deg": None, "duration_s": None},
    "observed": {"soap": {"yes": 4, "of": 5, "low": 0.3755, "high": 0.9638}},
    "as_of": "2026-11-21T12:00:00Z",
    "attribution": [ATTRIBUTION],
}
