"""Migration 0008, which renames the columns of targets."""

from typing import Any

from sqlalchemy import text

from geo import schema
from geo.casework import audit
from geo.crowd import devices, reports
from geo.database import Database, Session
from tests.conftest import NOON
from tests.factories import add_device, add_facility
from tests.geo.catalog import catalog

DECIDE_BEFORE = text(
    """
    INSERT INTO decision (decided_at, action, thing, thing_id, reason, before)
    VALUES (:now, 'dismiss_reports', 'facility', :facility_id, 'no_fault', '{"state": "active"}')
    RETURNING *
    """
)


def rows(session: Session, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY id"))]  # noqa: S608 - a constant


def report(session: Session, facility_id: int) -> None:
    device = devices.known(session, add_device(session, NOON).token, NOON)
    reports.report(session, device, reports.NewReport("facility", facility_id, "wrong", b"n" * 16), NOON)


def decide_before_the_migration(session: Session, facility_id: int) -> int:
    """A decision and its audit entry, as they were written before the migration."""
    row = dict(session.execute(DECIDE_BEFORE, {"now": NOON, "facility_id": facility_id}).mappings().one())
    details = {"decision_id": row["id"], "decision_digest": audit._digest_of_row(row)}
    audit.append(session, "staff:1", "decision: dismiss_reports", details, NOON)
    return int(row["id"])


def test_reports_queue_items_and_decisions_keep_their_targets_both_ways(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    with empty_database.write() as session:
        facility_id = add_facility(session)
        report(session, facility_id)
        session.commit()
    schema.downgrade(empty_database, "0007")
    with empty_database.write() as session:
        decide_before_the_migration(session, facility_id)
        before = {table: rows(session, table) for table in ("report", "queue_item", "decision")}
        things = session.execute(
            text("SELECT thing, thing_id FROM report UNION ALL SELECT thing, thing_id FROM decision")
        )
        assert [tuple(row) for row in things] == [("facility", facility_id)] * 2
        session.commit()
    former = {entry for entry in catalog(empty_database) if "target" in "".join(entry)}
    assert former == set()

    schema.upgrade(empty_database)
    assert {entry for entry in catalog(empty_database) if "thing" in "".join(entry)} == set()
    with empty_database.write() as session:
        # Later migrations add columns at the end.
        after = {table: rows(session, table) for table in before}
        assert {
            table: [row[: len(before[table][0])] for row in table_rows] for table, table_rows in after.items()
        } == before
        targets = session.execute(
            text("SELECT target, target_id FROM report UNION ALL SELECT kind, target_id FROM queue_item")
        )
        assert [tuple(row) for row in targets] == [("facility", facility_id)] * 2


def test_the_audit_chain_verifies_decisions_of_both_sides_of_the_migration(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    schema.downgrade(empty_database, "0007")
    with empty_database.write() as session:
        facility_id = add_facility(session)
        decision_id = decide_before_the_migration(session, facility_id)
        session.commit()
    schema.upgrade(empty_database)
    with empty_database.write() as session:
        assert audit.verify(session).fault is None
        session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger fires
        session.execute(text("UPDATE decision SET target_id = target_id + 1"))
        fault = audit.verify(session).fault
    assert fault is not None
    assert fault.reason == f"decision {decision_id} has changed since the entry was written"
