"""Example response of GET /v1/localities."""

from typing import Any

LOCALITIES: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "way/4252829",
            "geometry": {"type": "Point", "coordinates": [24.9389, 60.1687]},
            "properties": {
                "name": "Mannerheimintie",
                "kind": "street",
                "near": "Helsinki",
                "population": None,
                "distance_m": 136.2,
            },
        }
    ],
    "attribution": [
        {
            "attribution": "© OpenStreetMap contributors",
            "licence": "ODbL-1.0",
            "url": "https://www.openstreetmap.org/copyright",
        }
    ],
}
