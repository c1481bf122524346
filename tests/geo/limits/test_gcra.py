"""The limit that all processes share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.database import Database
from geo.errors import LimitReached
from geo.limits import gcra
from geo.limits.gcra import Limit
from tests.conftest import NOON

LIMIT = Limit("writes", burst=3, interval=timedelta(seconds=10))


def may(session: Session, after_s: float, subject: bytes = b"a", limit: Limit = LIMIT) -> bool:
    try:
        gcra.count(session, limit, subject, NOON + timedelta(seconds=after_s))
    except LimitReached:
        return False
    return True


def test_a_burst_is_allowed_and_then_one_request_per_interval(session: Session) -> None:
    assert [may(session, 0) for _ in range(4)] == [True, True, True, False]
    assert [may(session, 9.999), may(session, 10), may(session, 10)] == [False, True, False]
    assert [may(session, 40) for _ in range(4)] == [True, True, True, False]


def test_a_refusal_returns_the_time_to_wait_and_costs_nothing(session: Session) -> None:
    for _ in range(3):
        may(session, 0)
    for _ in range(5):
        with pytest.raises(LimitReached) as refused:
            gcra.count(session, LIMIT, b"a", NOON + timedelta(seconds=4))
        assert refused.value.wait == timedelta(seconds=6)
        assert (refused.value.quota, refused.value.window) == (3, timedelta(seconds=30))
    assert may(session, 10)


def test_each_subject_and_each_limit_is_counted_separately(session: Session) -> None:
    for _ in range(3):
        may(session, 0)
    assert not may(session, 0)
    assert may(session, 0, b"b")
    assert may(session, 0, limit=Limit("registrations", 3, timedelta(seconds=10)))


def test_the_subject_is_not_stored_and_the_table_is_unlogged(session: Session) -> None:
    may(session, 0, b"a network")
    assert b"a network" not in bytes(session.execute(text("SELECT digest FROM rate_limit")).scalar_one())
    persistence = session.execute(text("SELECT relpersistence::text FROM pg_class WHERE relname = 'rate_limit'"))
    assert persistence.scalar_one() == "u"


def test_one_count_is_one_statement(session: Session, statements: list[str]) -> None:
    may(session, 0)
    assert len(statements) == 1


def test_rows_that_no_longer_limit_a_subject_are_deleted(session: Session) -> None:
    may(session, 0, b"a")
    may(session, 5, b"b")
    assert gcra.forget_past(session, NOON + timedelta(seconds=10)) == 1
    assert gcra.forget_past(session, NOON + timedelta(seconds=15)) == 1


def test_exactly_one_burst_of_concurrent_requests_is_allowed(own_database_url: str) -> None:
    database = Database(own_database_url)

    def once(_: int) -> bool:
        with database.write() as session:
            allowed = may(session, 0)
            session.commit()
        return allowed

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(once, range(40))) == LIMIT.burst
    database.close()
