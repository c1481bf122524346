"""The audit chain: append-only for the database, and no tampering goes unseen even by who owns it."""

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.casework import audit, staff
from geo.database import driver_url
from tests.api.moderation.callers import Caller, Phones, StaffOf
from tests.conftest import NOON

TAMPERING = {
    "an event changed": ("UPDATE audit_entry SET event = 'nothing' WHERE id = 3", 3),
    "a detail changed": ("""UPDATE audit_entry SET details = '{"staff_id": 9}' WHERE id = 2""", 2),
    "an actor changed": ("UPDATE audit_entry SET actor = 'staff:9' WHERE id = 4", 4),
    "a time changed": ("UPDATE audit_entry SET at = at + interval '1 us' WHERE id = 5", 5),
    "an entry removed": ("DELETE FROM audit_entry WHERE id = 3", 4),
    "the first removed": ("DELETE FROM audit_entry WHERE id = 1", 2),
    "the last removed": ("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)", 6),
    "a hash changed": ("UPDATE audit_entry SET hash = sha256('x') WHERE id = 3", 3),
    "two swapped": (
        """UPDATE audit_entry SET id = -1 WHERE id = 3; UPDATE audit_entry SET id = 3 WHERE id = 2;
           UPDATE audit_entry SET id = 2 WHERE id = -1""",
        2,
    ),
    "a decision changed": ("UPDATE decision SET reason = 'spam'", 6),
    "a decision's fact changed": ("UPDATE decision SET decision_facts = 'nothing'", 6),
    "a decision removed": ("DELETE FROM decision", 6),
    "all removed": ("TRUNCATE audit_entry", 1),
}


def filled(session: Session, phones: Phones, staff_of: StaffOf, place: int) -> None:
    """A chain of six entries, the last of a decision."""
    for _ in range(5):
        moderator = staff_of("moderator")
    phones().report(place, "closed")
    assert moderator.decide(moderator.queue()[0], "close_facility", "closed").status_code == 201
    found = audit.verify(session)
    assert (found.entries, found.fault) == (6, None)


@pytest.mark.parametrize("table", ["audit_entry", "decision"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_append_only_rows(session: Session, table: str, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(statement.format(table)))


@pytest.mark.parametrize("tampering", TAMPERING)
def test_tampering_with_triggers_disabled_is_detected(
    session: Session, phones: Phones, staff_of: StaffOf, place: int, tampering: str
) -> None:
    filled(session, phones, staff_of, place)
    session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger fires
    statement, first_wrong = TAMPERING[tampering]
    session.execute(text(statement))
    fault = audit.verify(session).fault
    assert fault is not None
    assert fault.entry_id == first_wrong, fault.reason


def test_audit_verify_fails_on_a_changed_entry_or_a_missing_head(
    app: Flask, session: Session, staff_of: StaffOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.moderation.ready_database", lambda: app.extensions["beforehand"].database)
    staff_of("reader")
    runner = app.test_cli_runner()
    result = runner.invoke(args=["audit", "verify"])
    assert result.exit_code == 0
    assert "1 entries" in result.output
    head = result.output.split()[-1]
    staff_of("reader")
    assert runner.invoke(args=["audit", "verify", "--head", head]).exit_code == 0
    assert runner.invoke(args=["audit", "verify", "--head", "00" * 32]).exit_code == 1
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("UPDATE audit_entry SET event = 'nothing' WHERE id = 1"))
    result = runner.invoke(args=["audit", "verify"])
    assert result.exit_code == 1
    assert "entry 1" in result.stderr


def test_an_entry_is_rolled_back_with_its_change(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url))
    with Session(engine) as session:
        staff.add(session, "one", "reader", NOON, actor="command")
        session.rollback()
        staff.add(session, "two", "reader", NOON, actor="command")
        session.commit()
        assert session.execute(text("SELECT id FROM audit_entry")).scalars().all() == [1]
        assert audit.verify(session).fault is None
    engine.dispose()


def test_only_admins_read_the_chain(staff_of: StaffOf) -> None:
    assert staff_of("senior")("GET", "/admin/v1/audit").status_code == 403
    admin: Caller = staff_of("admin")
    entries = admin("GET", "/admin/v1/audit", query_string={"limit": 1}).get_json()
    assert entries["entries"][0]["event"] == "staff added"
    assert entries["next_cursor"] == entries["entries"][0]["id"]
