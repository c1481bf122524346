from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.casework import staff
from geo.crowd import proposals, reports
from geo.crowd.devices import KnownDevice
from geo.facilities.attributes import ATTRIBUTES
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from geo.moderation.models import Appeal
from tests.conftest import NOON
from tests.factories import add_device, add_facility, add_rating
from tests.geo.catalog import NOT_OURS


def long(characters: int) -> str:
    return "ü" * (characters + 1)


HERE = "SRID=4326;POINT(0 0)"

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("ck_facility_kind", {"kind": "bench"}),
    ("ck_facility_status", {"status": "open"}),
    *((f"ck_facility_{attribute.name}", {attribute.name: "maybe"}) for attribute in ATTRIBUTES),
    *((f"ck_facility_{column}", {column: long(255)}) for column in ("name", "operator", "street", "city")),
    *(
        (f"ck_facility_{column}", {column: long(64)})
        for column in ("house_number", "postcode", "region", "level", "venue")
    ),
    *((f"ck_facility_{column}", {column: long(1000)}) for column in ("opening_hours", "opening_hours_note")),
    ("ck_facility_merged_into", {"status": "merged"}),
    ("ck_facility_merged_into", {"merged_into": 1}),
    ("ck_dataset_authority", {"authority": "mine"}),
    ("ck_kept_apart_order", {"other_id": 1, "facility_id": 2}),
    ("ck_facility_country", {"country": "fi"}),
    ("ck_facility_country", {"country": "FIN"}),
    ("ck_facility_longitude", {"location": "SRID=4326;POINT(180.1 0)"}),
    ("ck_facility_latitude", {"location": "SRID=4326;POINT(0 -90.1)"}),
    ("ck_facility_longitude", {"location": "SRID=4326;POINT(NaN 0)"}),
    ("ck_facility_latitude", {"location": "SRID=4326;POINT EMPTY"}),
    ("ck_facility_hours_or_note", {"opening_hours": "24/7", "opening_hours_note": "at night"}),
    ("ck_facility_rating_count", {"demo_rating_count": 1}),
    ("ck_facility_rating_count", {"demo_rating_count": -1}),
    ("ck_facility_stars_total", {"rating_count": 2, "weight_total": 2, "stars_total": 11, "last_rated_at": NOON}),
    ("ck_facility_stars_total", {"rating_count": 2, "weight_total": 2, "stars_total": 1, "last_rated_at": NOON}),
    ("ck_facility_last_rated_at", {"last_rated_at": NOON}),
    ("ck_facility_last_rated_at", {"rating_count": 1, "stars_total": 3}),
    ("ck_facility_prior_stars", {"prior_stars": 0.9}),
    ("ck_facility_prior_stars", {"prior_stars": 5.1}),
    ("ck_facility_prior_stars", {"prior_stars": float("nan")}),
    ("ck_facility_record_credibility", {"record_credibility": 0.9}),
    ("ck_facility_record_credibility", {"record_credibility": 20.1}),
    ("ck_facility_present_credibility", {"present_credibility": 1.9}),
    ("ck_facility_present_credibility", {"present_credibility": 30.1}),
    ("ck_facility_source_digest", {"digest": b"short"}),
    ("ck_facility_source_external_id", {"external_id": long(255)}),
    ("ck_facility_source_external_id", {"external_id": ""}),
    ("ck_device_token_digest", {"token_digest": b"short"}),
    *(
        (f"ck_{table}_{name}", wrong)
        for table in ("rating", "past_rating")
        for name, wrong in (
            ("stars", {"stars": 0}),
            ("stars", {"stars": 6}),
            ("comment", {"comment": ""}),
            ("comment", {"comment": long(1000)}),
            ("observed", {"observed": "[]"}),
            ("weight_age", {"weight_age": 0}),
            ("weight_age", {"weight_age": 1.1}),
            ("weight_track", {"weight_track": 0}),
            ("weight_track", {"weight_track": float("nan")}),
            ("weight_presence", {"weight_presence": 0}),
            ("weight_presence", {"weight_presence": 1.1}),
            ("origin", {"origin": ""}),
            ("origin", {"origin": long(255)}),
            ("presence", {"presence": "there"}),
            ("comment_state", {"comment_state": "gone"}),
            ("comment_approved", {"comment_approved": True, "comment_state": "hidden"}),
        )
    ),
    ("ck_past_rating_ended_by", {"ended_by": "erased"}),
    ("ck_facility_excluded_rating_count", {"excluded_rating_count": -1}),
    ("ck_report_target", {"target": "device"}),
    ("ck_report_reason", {"reason": "ugly"}),
    ("ck_report_outcome", {"outcome": "lost", "closed_at": NOON}),
    ("ck_report_note", {"note": ""}),
    ("ck_report_note", {"note": long(1000)}),
    ("ck_report_closed", {"closed_at": NOON}),
    ("ck_proposal_kind", {"kind": "other", "location": HERE}),
    ("ck_proposal_state", {"state": "lost", "decided_at": NOON}),
    ("ck_proposal_proposer", {"partner_id": 1}),
    ("ck_proposal_facility", {"facility_id": None}),
    ("ck_proposal_location", {"kind": "new"}),
    ("ck_proposal_changes", {"changes": "[]"}),
    ("ck_proposal_note", {"note": long(1000)}),
    ("ck_proposal_decided", {"state": "accepted"}),
    ("ck_rating_exclusion_during", {"during": "empty"}),
    ("ck_staff_role", {"role": "boss"}),
    ("ck_staff_token_digest", {"token_digest": b"short"}),
    ("ck_queue_item_kind", {"kind": "device"}),
    ("ck_queue_item_state", {"state": "lost", "ended_at": NOON}),
    ("ck_queue_item_ended", {"ended_at": NOON}),
    ("ck_queue_item_claim", {"claimed_until": NOON}),
    ("ck_decision_target", {"target": "staff"}),
    ("ck_decision_target_id", {"target_id": None}),
    ("ck_decision_action", {"action": "shrug"}),
    ("ck_decision_reverts", {"action": "revert"}),
    ("ck_decision_note", {"note": ""}),
    ("ck_decision_automated_detection", {"automated_detection": "Perhaps"}),
    ("ck_decision_statement", {"decision_ground": None}),
    ("ck_decision_statement_complete", {"category": None}),
    ("ck_decision_statement_texts", {"decision_facts_code": None, "decision_facts_parameters": None}),
    ("ck_decision_decision_facts_code", {"decision_facts_code": "rumour"}),
    ("ck_decision_decision_facts_parameters", {"decision_facts_parameters": None}),
    ("ck_appeal_state", {"state": "lost", "ended_at": NOON}),
    ("ck_appeal_text", {"text": ""}),
    ("ck_appeal_answer", {"answer": long(1000)}),
    ("ck_appeal_ended", {"ended_at": NOON}),
    ("ck_audit_entry_hash", {"hash": b"short"}),
    ("ck_partner_name", {"name": ""}),
    ("ck_partner_name", {"name": long(100)}),
    ("ck_partner_daily_quota", {"daily_quota": 0}),
    ("ck_partner_key_kind", {"kind": "public"}),
    ("ck_partner_key_slot", {"slot": 3}),
    ("ck_partner_key_digest", {"digest": b"short"}),
    ("ck_partner_key_hint", {"hint": "five5"}),
    ("ck_partner_key_scopes", {"scopes": []}),
    ("ck_partner_key_scopes", {"scopes": ["everything"], "kind": "secret", "origins": []}),
    ("ck_partner_key_publishable_reads_only", {"scopes": ["facilities:read", "proposals:write"]}),
    ("ck_partner_key_origins", {"origins": []}),
    ("ck_partner_key_origins", {"origins": ["https://a.example"] * 21}),
    ("ck_partner_key_origins", {"kind": "secret"}),
    ("ck_partner_key_no_wildcard", {"origins": ["*"]}),
    ("ck_partner_key_no_wildcard", {"origins": ["https://a.example", "null"]}),
    ("ck_partner_usage_served", {"served": -1}),
    ("ck_partner_usage_granted", {"served": 2, "granted": 1}),
    ("ck_rate_limit_digest", {"digest": b"short"}),
    ("ck_locality_kind", {"kind": "planet"}),
    ("ck_locality_importance", {"importance": 11}),
    ("ck_locality_external_id", {"external_id": ""}),
    ("ck_locality_name", {"name": ""}),
    ("ck_locality_search_name", {"search_name": "x" * 256}),
    ("ck_locality_population", {"population": -1}),
    ("ck_locality_longitude", {"location": "SRID=4326;POINT(181 0)"}),
    ("ck_locality_latitude", {"location": "SRID=4326;POINT(0 91)"}),
    ("ck_locality_lines", {"kind": "street"}),
]


def a_row_in_each_table(session: Session) -> None:
    facility_id = add_facility(session)
    session.execute(
        text(
            """
            WITH added AS (
                INSERT INTO dataset (name, licence, attribution) VALUES ('d', 'CC0-1.0', 'nobody') RETURNING id
            )
            INSERT INTO facility_source (dataset_id, external_id, facility_id, digest)
            SELECT id, 'a', :facility_id, decode(repeat('00', 16), 'hex') FROM added
            """
        ),
        {"facility_id": facility_id},
    )
    other_id = add_facility(session)
    session.execute(
        text("INSERT INTO kept_apart VALUES (:facility_id, :other_id, :at)"),
        {"facility_id": facility_id, "other_id": other_id, "at": NOON},
    )
    device_id = add_rating(session, facility_id, 3, NOON)
    session.execute(
        text(
            """
            INSERT INTO past_rating (rating_id, facility_id, device_id, ended_at, ended_by, stars, rated_at)
            VALUES (1, :facility_id, :device_id, :at, 'replaced', 3, :at)
            """
        ),
        {"facility_id": facility_id, "device_id": device_id, "at": NOON},
    )
    session.execute(
        text(
            """
            WITH known AS (INSERT INTO partner (name, daily_quota, created_at) VALUES ('p', 1, :at) RETURNING id),
            usage AS (INSERT INTO partner_usage (partner_id, day) SELECT id, '2026-11-20' FROM known),
            lim AS (INSERT INTO rate_limit (digest, next_due_at) VALUES (decode(repeat('00', 16), 'hex'), :at))
            INSERT INTO partner_key (partner_id, kind, slot, digest, hint, scopes, origins, created_at)
            SELECT id, 'publishable', 1, decode(repeat('00', 32), 'hex'), 'hint', '{facilities:read}',
                   '{https://a.example}', :at
            FROM known
            """
        ),
        {"at": NOON},
    )
    session.execute(
        text(
            """
            WITH known AS (INSERT INTO gazetteer_dataset (name, licence, attribution, imported_at)
                           VALUES ('d', 'l', 'a', :at) RETURNING id)
            INSERT INTO locality (dataset_id, external_id, kind, importance, name, search_name, location)
            SELECT id, 'node/1', 'town', 9, 'Town', 'town', 'SRID=4326;POINT(1 2)' FROM known
            """
        ),
        {"at": NOON},
    )
    a_row_in_each_table_of_moderation(session, facility_id, device_id)
    session.execute(
        text("UPDATE facility SET rating_count = 0, stars_total = 0, last_rated_at = NULL WHERE id = :id"),
        {"id": facility_id},
    )


def a_row_in_each_table_of_moderation(session: Session, facility_id: int, device_id: int) -> None:
    """Each made by what makes it; then no trigger fires any more, so that checks alone refuse."""
    device = KnownDevice(device_id, uuid4(), NOON, NOON)
    reports.report(session, device, reports.NewReport("facility", facility_id, "wrong", bytes(16)), NOON)
    proposals.propose(session, proposals.NewProposal(facility_id, None, note="Moved.", device_id=device_id), NOON)
    added = staff.add(session, "anna", "senior", NOON, actor="command")
    member = staff.KnownStaff(added.staff_id, "anna", "senior", None)
    decision = NewDecision("exclude_ratings", "one_sided_burst", window=(NOON, NOON + timedelta(hours=1)))
    decision_id = decide.on_target(session, member, targets.lock(session, "facility", facility_id), decision, NOON)
    values = {"decision_id": decision_id, "device_id": device_id, "text": "No.", "created_at": NOON}
    session.execute(insert(Appeal).values(**values))
    session.execute(text("SET LOCAL session_replication_role = replica"))


@pytest.mark.parametrize(("constraint", "wrong"), WRONG, ids=lambda value: str(value)[:60])
def test_the_database_refuses_an_invalid_value(session: Session, constraint: str, wrong: dict[str, Any]) -> None:
    a_row_in_each_table(session)
    table = session.execute(
        text("SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = :name"), {"name": constraint}
    ).scalar_one()
    changes = ", ".join(f"{column} = :{column}" for column in wrong)
    update = f"UPDATE {table} SET {changes}"  # noqa: S608 - joined from WRONG
    with pytest.raises(IntegrityError) as refused:
        session.execute(text(update), wrong)
    assert refused.value.orig is not None
    assert refused.value.orig.diag.constraint_name == constraint  # type: ignore[attr-defined]  # psycopg2's


def test_every_check_constraint_is_tested(connection: Connection) -> None:
    checks = connection.execute(
        text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text <> ALL (:not_ours)"),
        {"not_ours": list(NOT_OURS)},
    ).scalars()
    assert {check for check in checks if check.startswith("ck_")} == {constraint for constraint, _ in WRONG}


def test_a_device_rates_a_facility_once(session: Session) -> None:
    facility_id = add_facility(session)
    device_id = add_rating(session, facility_id, 3, NOON)
    with pytest.raises(IntegrityError, match="pk_rating"):
        session.execute(
            text("INSERT INTO rating (facility_id, device_id, stars, rated_at) VALUES (:facility, :device, 1, :at)"),
            {"facility": facility_id, "device": device_id, "at": NOON},
        )


@pytest.mark.parametrize("ids", [{"facility": 0}, {"device": 0}])
def test_a_rating_refers_to_an_existing_facility_and_device(session: Session, ids: dict[str, int]) -> None:
    known = {"facility": add_facility(session), "device": add_device(session, NOON).device_id}
    with pytest.raises(IntegrityError, match="fk_rating"):
        session.execute(
            text("INSERT INTO rating (facility_id, device_id, stars, rated_at) VALUES (:facility, :device, 1, :at)"),
            {**known, **ids, "at": NOON},
        )
