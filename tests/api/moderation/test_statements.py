"""Statements of reasons: a plain dump by the names of the EU's database, with nothing of a person in it."""

import csv
import io
import json
import re

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.casework import statements
from geo.moderation.actions import registry
from tests.api.moderation.callers import Phones, StaffOf
from tests.conftest import TestClock

REQUIRED = {
    "decision_ground",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "content_type",
    "category",
    "territorial_scope",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
}
"""What its API asks of every statement on this ground; and one of the decision_ fields."""

VALUES = {
    "decision_visibility": "DECISION_VISIBILITY_CONTENT_(DISABLED|DEMOTED)",
    "decision_account": "DECISION_ACCOUNT_SUSPENDED",
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "content_type": "CONTENT_TYPE_(TEXT|OTHER)",
    "category": "STATEMENT_CATEGORY_(OTHER_VIOLATION_TC|DATA_PROTECTION_AND_PRIVACY_VIOLATIONS|SCAMS_AND_FRAUD"
    "|ILLEGAL_OR_HARMFUL_SPEECH|RISK_FOR_PUBLIC_SECURITY)",
    "source_type": "SOURCE_(TYPE_OTHER_NOTIFICATION|VOLUNTARY)",
    "automated_detection": "Yes|No",
    "automated_decision": "AUTOMATED_DECISION_(FULLY|NOT_AUTOMATED)",
    "territorial_scope": "[A-Z]{2}",
    "content_date": r"\d{4}-\d\d-\d\d",
    "application_date": r"\d{4}-\d\d-\d\d",
    "end_date_visibility_restriction": r"\d{4}-\d\d-\d\d",
    "puid": "[a-zA-Z0-9_-]{1,500}",
}

NAME = "Anna Virtanen"


@pytest.fixture
def exported(
    app: Flask, place: int, regulars: Phones, staff_of: StaffOf, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """The export of one of each restriction, as JSON lines and as CSV."""
    author, senior = regulars(), staff_of("senior")
    author.rate(place, 1, f"{NAME}, 040 123 4567")
    senior.decide(senior.queue(kind="comment")[0], "hide_comment", "personal_data", note=f"It names {NAME}.")
    clock.advance(hours=1)
    for _ in range(3):
        regulars().report(place, "closed")
    regulars().report(place, "out_of_order")
    senior.decide(senior.queue(kind="facility")[0], "close_facility", "closed")
    author("POST", "/v1/proposals", {"facility_id": place, "note": NAME})
    senior.decide(senior.queue(kind="proposal")[0], "reject_proposal", "inaccurate")
    for body in (
        {"target": "device", "handle": str(author.handle), "action": "suspend_device", "reason": "abuse"},
        {"target": "facility", "target_id": place, "action": "hide_facility", "reason": "unsafe"},
        {
            "target": "facility",
            "target_id": place,
            "action": "exclude_ratings",
            "reason": "one_sided_burst",
            "from": "2026-11-20T00:00:00Z",
            "until": "2026-11-21T00:00:00Z",
        },
    ):
        assert senior("POST", "/admin/v1/decisions", body).status_code == 201
    monkeypatch.setattr("api.cli.moderation.ready_database", lambda: app.extensions["beforehand"].database)
    runner = app.test_cli_runner()
    lines, table = (
        runner.invoke(args=["moderation", "export-statements", "--format", format_name])
        for format_name in ("jsonl", "csv")
    )
    assert (lines.exit_code, table.exit_code) == (0, 0)
    return lines.output, table.output


def test_every_restriction_is_exported_with_the_required_fields(session: Session, exported: tuple[str, str]) -> None:
    rows = [json.loads(line) for line in exported[0].splitlines()]
    actions = session.execute(text("SELECT DISTINCT action FROM decision")).scalars()
    assert set(actions) == set(registry.RESTRICTIONS)
    assert len(rows) == len(registry.RESTRICTIONS)
    for row in rows:
        assert row.keys() >= REQUIRED
        assert "decision_visibility" in row or "decision_account" in row
        assert row.keys() <= set(statements.EXPORTED)
        for name, pattern in VALUES.items():
            for value in row.get(name, []) if isinstance(row.get(name), list) else [row[name]] if name in row else []:
                assert re.fullmatch(pattern, value), (name, value)
        assert ("content_type_other" in row) == (row["content_type"] == ["CONTENT_TYPE_OTHER"])
        assert len(row["decision_facts"]) <= 5000
    assert len({row["puid"] for row in rows}) == len(rows)
    table = list(csv.DictReader(io.StringIO(exported[1])))
    assert [row["puid"] for row in table] == [row["puid"] for row in rows]


def test_no_personal_data_are_exported(session: Session, exported: tuple[str, str]) -> None:
    handles = session.execute(text("SELECT handle::text FROM device")).scalars().all()
    assert handles
    for export in exported:
        assert len(export.splitlines()) >= len(registry.RESTRICTIONS)
        assert all(part not in export for part in (NAME, "Anna", "040 123", "senior", *handles))
