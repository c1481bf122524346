"""Merges beside ratings, erasures, imports and other merges: real sessions, on a database of their own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import privacy
from geo.conflation import merging
from geo.database import Database
from geo.errors import BeforehandError, Conflict, FacilityMerged
from geo.imports.writer import write_dataset
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from tests.conftest import NOON
from tests.factories import facility_row
from tests.geo.conflation.places import (
    BUS,
    MAP,
    TOWN,
    entry,
    id_of_source,
    member,
    rate,
    require_exact_sums,
    visitor,
)
from tests.geo.imports.city import write

PATIENCE_S = 30
HEAD_START_S = 0.3
"""Long enough for another session to reach the lock that it waits for."""


@pytest.fixture
def database(own_database_url: str) -> Iterator[Database]:
    database = Database(own_database_url)
    yield database
    database.close()


@pytest.fixture
def pair(database: Database) -> tuple[int, int]:
    with database.write() as session:
        write(session, entry("m"), dataset=MAP)
        write(session, entry("t", 200), dataset=TOWN)
        ids = id_of_source(session, "m"), id_of_source(session, "t")
        session.commit()
    return ids


def beside(database: Database, first: Callable[[Session], Any], second: Callable[[Session], Any]) -> Any:
    """What the second does that begins while the first has not committed: its result or its error."""

    def work() -> Any:
        with database.write() as session:
            try:
                result = second(session)
            except BeforehandError as error:
                return error
            session.commit()
            return result

    with ThreadPoolExecutor(1) as pool, database.write() as session:
        first(session)
        waiting = pool.submit(work)
        sleep(HEAD_START_S)
        session.commit()
        return waiting.result(PATIENCE_S)


def test_a_rating_of_a_place_that_is_being_merged_is_redirected(database: Database, pair: tuple[int, int]) -> None:
    first, second = pair
    with database.write() as session:
        device_id = visitor(session)
        session.commit()
    refused = beside(
        database,
        lambda session: merging.merge(session, first, second, NOON),
        lambda session: rate(session, second, device_id, 5),
    )
    assert isinstance(refused, FacilityMerged)
    assert refused.into == first


def test_a_merge_waits_for_a_rating_and_takes_it_along(database: Database, pair: tuple[int, int]) -> None:
    first, second = pair
    with database.write() as session:
        device_id = visitor(session)
        session.commit()
    beside(
        database,
        lambda session: rate(session, second, device_id, 5),
        lambda session: merging.merge(session, first, second, NOON),
    )
    with database.write() as session:
        assert facility_row(session, first)["rating_count"] == 1
        require_exact_sums(session)


@pytest.mark.parametrize("is_split", [False, True])
def test_an_erasure_beside_a_merge_or_a_split_leaves_the_sums_exact(
    database: Database, pair: tuple[int, int], *, is_split: bool
) -> None:
    first, second = pair
    with database.write() as session:
        device_id = visitor(session)
        rate(session, second, device_id, 5)
        rate(session, second, visitor(session), 3)
        if is_split:
            merging.merge(session, first, second, NOON)
        session.commit()
    change = merging.split if is_split else merging.merge
    beside(
        database,
        lambda session: change(session, first, second, NOON),
        lambda session: privacy.erase(session, device_id, NOON),
    )
    with database.write() as session:
        assert facility_row(session, second if is_split else first)["rating_count"] == 1
        require_exact_sums(session)


def test_two_moderators_who_merge_the_same_places_in_either_direction_merge_them_once(
    database: Database, pair: tuple[int, int]
) -> None:
    def merge(target_id: int, other_id: int) -> Callable[[Session], int]:
        def work(session: Session) -> int:
            target = targets.lock(session, "facility", target_id, other_id=other_id)
            decision = NewDecision("merge_facilities", "duplicate", other_id=other_id)
            return decide.on_target(session, member(session), target, decision, NOON)

        return work

    refused = beside(database, merge(*pair), merge(*reversed(pair)))
    assert isinstance(refused, Conflict)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM facility WHERE status = 'merged'")).scalar_one() == 1


def test_a_chain_of_merges_at_once_ends_in_one_place(database: Database, pair: tuple[int, int]) -> None:
    first, second = pair
    with database.write() as session:
        write(session, entry("b", 400), dataset=BUS)
        third = id_of_source(session, "b")
        session.commit()
    refused = beside(
        database,
        lambda session: merging.merge(session, first, second, NOON),
        lambda session: merging.merge(session, second, third, NOON),
    )
    assert isinstance(refused, Conflict)
    assert "not listed" in str(refused)


def test_a_moderator_is_not_kept_waiting_by_an_import(database: Database, pair: tuple[int, int]) -> None:
    with database.write() as importing:
        assert write(importing, entry("m"), dataset=MAP).unchanged == 1
        with database.write() as session, pytest.raises(Conflict, match="an import is running"):
            merging.merge(session, *pair, NOON)
        importing.rollback()
    with database.write() as session:
        merging.merge(session, *pair, NOON)


def test_a_closure_of_a_place_that_is_being_merged_is_of_the_place_it_becomes_part_of(
    database: Database, pair: tuple[int, int]
) -> None:
    first, second = pair

    def close(session: Session) -> int:
        target = targets.lock(session, "facility", second)
        return decide.on_target(session, member(session), target, NewDecision("close_facility", "closed"), NOON)

    beside(database, lambda session: merging.merge(session, first, second, NOON), close)
    with database.read() as session:
        rows = session.execute(text("SELECT id, status FROM facility")).all()
    status = {row.id: row.status for row in rows}
    assert (status[first], status[second]) == ("closed", "merged")


def test_two_imports_of_the_same_place_at_once_make_one_of_it(database: Database) -> None:
    """Neither would see the other's facility if they did not wait for each other."""
    both_read = threading.Barrier(2)

    def load(external_id: str, dataset: Any) -> None:
        def rows() -> Iterator[Any]:
            yield entry(external_id)
            both_read.wait(PATIENCE_S)

        with database.write() as session:
            write_dataset(session, dataset, rows(), NOON)
            session.commit()

    with ThreadPoolExecutor(2) as pool:
        for loading in [pool.submit(load, "m", MAP), pool.submit(load, "t", TOWN)]:
            loading.result(PATIENCE_S)
    with database.read() as session:
        places = session.execute(text("SELECT count(DISTINCT facility_id) FROM facility_source")).scalar_one()
    assert places == 1
