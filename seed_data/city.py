"""The demo city: central Helsinki, its toilets, drinking water, places with toilets, and names."""

from datetime import datetime
from pathlib import Path

from geo.database import Session
from geo.gazetteer import writer
from geo.imports.formats import FORMATS, OPENSTREETMAP
from geo.imports.writer import Dataset, write_dataset

CITY = Path(__file__).parent / "helsinki.geojson"
NAMES = Path(__file__).parent / "helsinki-names.osm.pbf"
"""Both derived from OpenStreetMap by extract.py; ODbL 1.0, © OpenStreetMap contributors."""

DATASET = "helsinki-centre"


def add_city(session: Session, as_of: datetime) -> int:
    """Add the city's facilities.

    Returns:
        How many.
    """
    return write_dataset(session, Dataset(DATASET, OPENSTREETMAP), FORMATS["osm-geojson"].read(CITY), as_of).added


def add_names(session: Session, as_of: datetime) -> int:
    """Add the city's streets, places and stations.

    Returns:
        How many.
    """
    # libosmium takes four megabytes, which processes that only read this module do not need.
    from geo.gazetteer import osm  # noqa: PLC0415

    summary = writer.write(session, DATASET, OPENSTREETMAP, osm.read(NAMES), as_of)
    return summary.places + summary.stations + summary.streets
