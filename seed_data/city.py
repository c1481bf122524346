"""The demo city: central Helsinki, its toilets, drinking water and places with toilets."""

from datetime import datetime
from pathlib import Path

from geo.database import Session
from geo.imports.formats import FORMATS
from geo.imports.writer import Dataset, write_dataset

CITY = Path(__file__).parent / "helsinki.geojson"
"""Derived from OpenStreetMap by extract.py; ODbL 1.0, © OpenStreetMap contributors."""

DATASET = "helsinki-centre"


def add_city(session: Session, as_of: datetime) -> int:
    """Add the city's facilities.

    Returns:
        How many.
    """
    city = FORMATS["osm-geojson"]
    assert city.source is not None  # noqa: S101 - for mypy: OSM's data are OSM's
    return write_dataset(session, Dataset(DATASET, city.source), city.read(CITY), as_of).added
