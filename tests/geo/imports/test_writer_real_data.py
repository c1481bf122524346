"""Whole imports of the published extracts, and each a second time."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.facilities import counts
from geo.imports.edition import ImportSummary
from geo.imports.formats import format_of
from geo.imports.record import Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.geo.imports.real_data import real_file


def import_file(session: Session, name: str) -> ImportSummary:
    path = real_file(name)
    format_ = format_of(path)
    return write_dataset(session, Dataset(name, format_.source or Source("x", "x")), format_.read(path), NOON)


@pytest.fixture(
    params=[
        "osm_liechtenstein_2021.osm.pbf",
        "paris_osm_toilets_2021.geojson",
        "paris_osm_drinking_water_2021.geojson",
        "australia_nptm_2016.csv",
    ]
)
def extract(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_published_extract_imported_twice_changes_nothing(session: Session, extract: str) -> None:
    first = import_file(session, extract)
    assert first.added == first.read - first.rejected > 0
    second = import_file(session, extract)
    assert (second.added, second.changed, second.vanished) == (0, 0, 0)
    assert (second.unchanged, second.rejected) == (first.added, first.rejected)


def test_liechtenstein_has_the_expected_facilities_of_each_kind(session: Session) -> None:
    assert import_file(session, "osm_liechtenstein_2021.osm.pbf").rejected == 0
    found = {kind.kind: (kind.stand_alone, kind.in_venues) for kind in counts.by_kind(session)}
    assert found == {"toilets": (28, 20), "drinking_water": (39, 3), "shower": (2, 0)}


def test_paris_has_the_expected_toilets(session: Session) -> None:
    import_file(session, "paris_osm_toilets_2021.geojson")
    (kind,) = counts.by_kind(session)
    assert (kind.kind, kind.stand_alone + kind.in_venues) == ("toilets", 1_268)


def test_australia_has_the_expected_toilets_and_offers(session: Session) -> None:
    import_file(session, "australia_nptm_2016.csv")
    offered = session.execute(
        text(
            """
            SELECT count(*), count(*) FILTER (WHERE changing_table = 'yes'), count(*) FILTER (WHERE shower = 'yes'),
                   count(*) FILTER (WHERE drinking_water = 'yes'), count(*) FILTER (WHERE access = 'key')
            FROM facility
            """
        )
    ).one()
    assert tuple(offered) == (17_985, 1_833, 1_009, 1_308, 375)
