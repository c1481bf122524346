"""An example of POST /v1/route/stops, for the documentation. A test validates it against the schemas."""

from typing import Any

from api.places.examples import COLLECTION, FEATURE

REQUEST: dict[str, Any] = {
    "line": {
        "type": "LineString",
        "coordinates": [[24.9384, 60.1699], [25.0411, 60.2934], [25.6612, 60.9827]],
    },
    "depart_at": "2026-11-21T14:00:00+02:00",
    "speed_kmh": 80,
    "needs": {"kind": ["toilets"], "wheelchair": ["yes", "limited"]},
    "comfort_s": 3600,
    "since_last_stop_s": 1800,
}

_PASS: dict[str, Any] = {"facility_id": 12, "visit": 1, "along_m": 154.2, "arrive_at": "2026-11-21T12:00:07Z"}

STOPS: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            **FEATURE,
            "properties": {
                **FEATURE["properties"],
                "distance_m": None,
                "bearing_deg": None,
                "duration_s": None,
                "visit": 1,
                "along_m": 154.2,
                "offset_m": 120.6,
                "side": "right",
                "arrive_at": "2026-11-21T12:00:07Z",
                "gap_before_m": 154.2,
                "gap_before_s": 7,
                "gap_after_m": 99712.4,
                "gap_after_s": 4487,
                "planned": True,
                "last_good_stop": True,
                "last_good_stop_reason": "gap_exceeds_comfort",
                "last_good_stop_text": "last good stop for 100 km",
            },
        }
    ],
    "stops_found": 1,
    "route": {
        "length_m": 99866.6,
        "duration_s": 4494.0,
        "depart_at": "2026-11-21T12:00:00Z",
        "arrive_at": "2026-11-21T13:14:54Z",
    },
    "plan": {
        "keeps_comfort": False,
        "worst_gap_s": 4487,
        "cost_stars": 1.1729,
        "stops": [{**_PASS, "cost_stars": 1.1729, "gap_before_m": 154.2, "gap_before_s": 1807, "backup": None}],
        "gap_to_end_m": 99712.4,
        "gap_to_end_s": 4487,
        "warnings": [
            {
                "reason": "gap_exceeds_comfort",
                "from_along_m": 154.2,
                "to_along_m": 99866.6,
                "from_facility_id": 12,
                "to_facility_id": None,
                "gap_m": 99712.4,
                "gap_s": 4487,
                "text": "no stop for 100 km after 150 m: 1 h 15 min, longer than the 1 h of comfort",
            }
        ],
    },
    "note": None,
    "as_of": "2026-11-21T12:00:00Z",
    "attribution": COLLECTION["attribution"],
}
