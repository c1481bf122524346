"""The migration back and forth on a database with merged places."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import schema
from geo.conflation import merging
from geo.conflation.conflate import conflate
from geo.crowd import ratings
from geo.database import Database
from tests.conftest import NOON
from tests.geo.conflation.places import (
    MAP,
    TOWN,
    entry,
    id_of_source,
    one_place,
    rate,
    require_exact_sums,
    sums,
    visitor,
)
from tests.geo.imports.city import write

BEFORE = "0009"


def facilities(session: Session) -> dict[int, Any]:
    rows = session.execute(text("SELECT id, status, name, opening_hours, fee, rating_count FROM facility ORDER BY id"))
    return {row.id: tuple(row)[1:] for row in rows}


def sources(session: Session) -> dict[str, int]:
    rows = session.execute(text("SELECT external_id, facility_id FROM facility_source"))
    return {row.external_id: row.facility_id for row in rows}


def test_after_a_downgrade_each_source_has_its_own_facility_and_an_upgrade_can_merge_them_again(
    own_database_url: str,
) -> None:
    database = Database(own_database_url)
    official = {"opening_hours": "Mo-Su 08:00-20:00", "attributes": {"fee": "yes"}}
    with database.write() as session:
        write(session, entry("m", name="Rose", attributes={"fee": "no"}), dataset=MAP)
        write(session, entry("t", 200, **official), dataset=TOWN)
        first, second = id_of_source(session, "m"), id_of_source(session, "t")
        both = visitor(session)
        rate(session, first, both, 1, NOON)
        rate(session, second, both, 5, NOON + timedelta(hours=1))
        rate(session, second, visitor(session), 4, NOON)
        before = facilities(session)
        merging.merge(session, first, second, NOON)
        assert facilities(session)[first] == ("active", "Rose", "Mo-Su 08:00-20:00", "yes", 2)
        merged_sums = sums(session)
        session.commit()
    schema.downgrade(database, BEFORE)
    with database.write() as session:
        again = facilities(session)
        assert again.keys() == before.keys()
        assert sources(session) == {"m": first, "t": second}
        assert again[second] == before[second]
        assert again[first] == (*before[first][:-1], 0)
        ended = session.execute(text("SELECT facility_id, stars, ended_by FROM past_rating")).all()
        assert [tuple(row) for row in ended] == [(first, 1, "replaced")]
        exact = sums(session)
        session.rollback()
    schema.upgrade(database)
    with database.write() as session:
        assert sums(session) == exact
        ratings.recompute(session, [first, second])
        assert sums(session) == exact
        assert (
            write(session, entry("t", 200, **official), dataset=TOWN).changed,
            write(session, entry("m", name="Rose", attributes={"fee": "no"}), dataset=MAP).changed,
        ) == (0, 0)
        session.execute(text("UPDATE facility SET location = ST_Point(10, 50, 4326)"))
        assert conflate(session, NOON).merged == 1
        assert facilities(session)[first] == ("active", "Rose", "Mo-Su 08:00-20:00", "yes", 2)
        require_exact_sums(session)
        assert [row[:2] for row in sums(session)[:1]] == [row[:2] for row in merged_sums[:1]]
        session.commit()
    database.close()


def test_three_merged_facilities_of_which_one_closed_come_apart(own_database_url: str) -> None:
    database = Database(own_database_url)
    with database.write() as session:
        place_id = one_place(session, {"name": "Rose"}, {})
        write(session, entry("t", 4, closed=True), dataset=TOWN)
        hidden = one_place_far(session)
        session.execute(text("UPDATE facility SET status = 'hidden' WHERE id = :id"), {"id": hidden})
        session.commit()
    schema.downgrade(database, BEFORE)
    with database.read() as session:
        found = sources(session)
        assert found["m"] == place_id
        assert len(set(found.values())) == len(found)
        status = {external_id: facilities(session)[found[external_id]][0] for external_id in found}
        assert (status["m"], status["t"], status["m2"], status["t2"]) == ("active", "closed", "hidden", "hidden")
    schema.upgrade(database)
    database.close()


def one_place_far(session: Session) -> int:
    write(session, entry("m", name="Rose"), entry("m2", 900), dataset=MAP)
    write(session, entry("t", 4, closed=True), entry("t2", 901), dataset=TOWN)
    return id_of_source(session, "m2")
