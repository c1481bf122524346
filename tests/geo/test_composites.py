"""Named tuples that cross to SQL and back have the fields of their types there, in the same order."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from geo.ahead.hints.outlook import SituationParameter
from geo.facilities.cards import Answer, Card, FoundFacility
from geo.facilities.models import LISTED_STATUSES, STATUSES
from geo.facilities.search import NeedsParameter, RankingParameter
from geo.rows import driver_rows, driver_text

FIELDS = text(
    """
    SELECT attname FROM pg_attribute
    WHERE attrelid = CAST(:type AS regclass) AND attnum > 0 ORDER BY attnum
    """
)


@pytest.mark.parametrize(
    ("type_name", "fields"),
    [
        ("needs", NeedsParameter._fields),
        ("ranking", RankingParameter._fields),
        ("situation", SituationParameter._fields),
        ("card", Card._fields),
        ("found", Answer._fields + FoundFacility._fields),
    ],
)
def test_a_named_tuple_has_the_fields_of_its_type(session: Session, type_name: str, fields: tuple[str, ...]) -> None:
    found = session.execute(FIELDS, {"type": f"facility_search.{type_name}"}).scalars().all()
    assert tuple(found) == fields


AT = datetime(2026, 11, 20, 12, 30, 15, 123456, UTC)

NEEDS = [
    NeedsParameter(15, 0, None, None, None, open_on_arrival=False),
    NeedsParameter(1, 2**62, ["sit", "unrated"], ["open"], AT, open_on_arrival=True),
    NeedsParameter(0, 0, [], [], None, open_on_arrival=False),
    NeedsParameter(1, 1, ["it's", 'a "b", (c)', "\\", "", "NULL"], None, AT, open_on_arrival=False),
]


@pytest.mark.parametrize("needs", NEEDS)
def test_needs_arrive_in_sql_as_they_are(session: Session, needs: NeedsParameter) -> None:
    statement = driver_text("SELECT (CAST(:needs AS facility_search.needs)).*")
    assert driver_rows(session, statement, {"needs": needs}, NeedsParameter) == [needs]


SITUATIONS: list[dict[str, Any]] = [
    {"heading_deg": None, "dismissed": [], "last_hint_id": None},
    {"heading_deg": 359.9, "dismissed": [1, 2**62], "last_hint_id": 2**63 - 1},
]


@pytest.mark.parametrize("fields", SITUATIONS)
def test_a_situation_arrives_in_sql_as_it_is(session: Session, fields: dict[str, Any]) -> None:
    situation = SituationParameter(
        reach_m=600.0, here_m=1e-300, aside_m=0.1, horizon_m=1e300, way_left_m=5000.0, comfort_left_m=2000.0,
        half_angle_deg=60.0, silence_until=AT, possible_until=AT, rungs_m=[0.5, 600.0], candidates=10, **fields,
    )  # fmt: skip
    statement = driver_text("SELECT (CAST(:situation AS facility_search.situation)).*")
    assert driver_rows(session, statement, {"situation": situation}, SituationParameter) == [situation]


def test_listed_statuses_are_the_same_in_sql(session: Session) -> None:
    statement = text(
        "SELECT status FROM unnest(CAST(:all AS text[])) AS status WHERE facility_search.is_listed(status)"
    )
    assert tuple(session.execute(statement, {"all": list(STATUSES)}).scalars()) == LISTED_STATUSES


@pytest.mark.parametrize(
    "statement",
    [
        """EXPLAIN SELECT id FROM facility
           WHERE facility_search.is_listed(status) AND location && ST_MakeEnvelope(0, 0, 1, 1, 4326)""",
        """EXPLAIN SELECT id FROM facility WHERE facility_search.is_listed(status)
           ORDER BY location <-> facility_search.point(0, 0) LIMIT 5""",
    ],
)
def test_the_call_is_planned_as_the_predicate_of_the_partial_index(connection: Connection, statement: str) -> None:
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    plan = "\n".join(connection.execute(text(statement)).scalars())
    assert "ix_facility_location_offered" in plan
    assert "is_listed" not in plan
