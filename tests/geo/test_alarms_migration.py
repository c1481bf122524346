"""Migration 0015, on a database with reports and decisions."""

from datetime import timedelta

from sqlalchemy import text

from geo import schema
from geo.crowd import devices, reports
from geo.database import Database
from tests.conftest import NOON
from tests.factories import add_device, add_facility, add_record

REPORTS = "SELECT reason, outcome FROM report ORDER BY id"
UNCHECKED = "SELECT conname FROM pg_constraint WHERE NOT convalidated"


def test_reports_survive_a_downgrade_and_an_upgrade(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    with empty_database.write() as session:
        place = add_facility(session)
        device = devices.known(session, add_device(session, NOON - timedelta(days=2)).token, NOON)
        add_record(session, device.device_id)
        for reason in ("closed", "out_of_order", "wrong"):
            reports.report(session, device, reports.NewReport("facility", place, reason, bytes(16)), NOON)
        session.commit()
    with empty_database.read() as session:
        assert session.execute(text("SELECT out_of_order_until FROM facility")).scalar_one() == NOON + timedelta(days=1)
    schema.downgrade(empty_database, "0014")
    with empty_database.read() as session:
        rows = session.execute(text(REPORTS)).all()
        assert rows == [("closed", None), ("wrong", "moot"), ("wrong", None)]
        assert session.execute(text("SELECT action FROM decision")).scalars().all() == ["report_out_of_order"]
    schema.upgrade(empty_database)
    with empty_database.read() as session:
        assert session.execute(text(REPORTS)).all() == rows
        assert session.execute(text(UNCHECKED)).all() == []
        assert schema.is_current(session)
