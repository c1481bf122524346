import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo import schema
from geo.casework import staff
from geo.crowd import proposals, reports
from geo.crowd.devices import KnownDevice
from geo.database import Base, Database
from geo.errors import DatabaseUnavailable
from geo.facilities.attributes import ATTRIBUTES
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from geo.moderation.models import Appeal
from geo.private_postgres.cluster import PrivatePostgres
from tests.conftest import NOON, temporary_database
from tests.factories import add_device, add_facility, add_rating

PATIENCE_S = 60

CATALOG = text(
    """
    SELECT 'column' AS what, c.relname || '.' || a.attname AS name,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                     pg_get_expr(d.adbin, d.adrelid)) AS definition
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d
        ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    UNION ALL
    SELECT 'index', tablename || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'table', relname, concat_ws(' ', reloptions) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    """
)
NOT_OURS = ("spatial_ref_sys", "alembic_version")


@pytest.fixture
def empty_database(postgres: PrivatePostgres) -> Iterator[Database]:
    """A database with nothing in it, not even PostGIS."""
    with temporary_database(postgres, f"empty_{os.getpid()}") as url:
        database = Database(url)
        yield database
        database.close()


def catalog(database: Database) -> set[tuple[str, str, str]]:
    with database.read() as session:
        rows = session.execute(CATALOG).all()
    return {(what, name, definition) for what, name, definition in rows if not name.startswith(NOT_OURS)}


def execute(database: Database, *statements: str) -> None:
    with database.connection() as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def is_current(database: Database) -> bool:
    with database.read() as session:
        return schema.is_current(session)


def test_an_empty_database_is_brought_to_the_schema_of_this_code(empty_database: Database) -> None:
    assert not is_current(empty_database)
    schema.upgrade(empty_database)
    assert is_current(empty_database)


def test_a_second_upgrade_changes_nothing(empty_database: Database) -> None:
    def versions() -> list[Any]:
        with empty_database.read() as session:
            tables = session.execute(text("SELECT oid, xmin::text FROM pg_class ORDER BY oid")).all()
            namespaces = session.execute(text("SELECT oid, xmin::text FROM pg_namespace ORDER BY oid")).all()
        return [*tables, *namespaces]

    schema.upgrade(empty_database)
    before = versions()
    schema.upgrade(empty_database)
    assert versions() == before


def test_the_schema_goes_down_to_nothing_and_up_again(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    upgraded = catalog(empty_database)
    schema.downgrade(empty_database, "base")
    assert catalog(empty_database) == set()
    assert not is_current(empty_database)
    schema.upgrade(empty_database)
    assert catalog(empty_database) == upgraded


def test_the_newest_file_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.head()


def test_facilities_keep_what_is_known_of_them_when_their_long_columns_move(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    schema.downgrade(empty_database, "0004")
    ranges = '{["2026-11-20 06:00:00+00","2026-11-20 18:00:00+00")}'
    with empty_database.connection() as connection:
        connection.execute(
            text(
                """INSERT INTO facility (kind, location, wheelchair, open_during, unknown_during, tags)
                   VALUES ('toilets', 'SRID=4326;POINT(1 2)', 'yes', :ranges, '{}', '{"supervised": "yes"}'),
                          ('shower', 'SRID=4326;POINT(1 3)', NULL, NULL, NULL, '{}')"""
            ),
            {"ranges": ranges},
        )
        connection.execute(text("GRANT SELECT ON facility TO PUBLIC"))
        connection.commit()
    schema.upgrade(empty_database)
    with empty_database.read() as session:
        grants = session.execute(
            text("SELECT relacl::text FROM pg_class WHERE oid = 'facility'::regclass")
        ).scalar_one()
        assert ",=r/" in grants
        rows = session.execute(
            text("SELECT open_during::text, unknown_during::text, tags, traits & 4 FROM facility ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [(ranges, "{}", {"supervised": "yes"}, 0), (None, None, {}, 4)]


_COLUMN_ORDER = text(
    """
    SELECT attname FROM pg_attribute
    WHERE attrelid = 'facility'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    """
)


def test_what_facilities_offer_is_computed_anew_and_nothing_else_changes(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    with empty_database.write() as session:
        water = add_facility(session, kind="drinking_water", drinking_water="no", name="Not for drinking")
        shower = add_facility(session, kind="shower", shower="no", drinking_water="yes", open_during="{}")
        room = add_facility(session, kind="baby_care", changing_table="no")
        toilets = add_facility(session, kind="toilets", shower="yes", tags={"note": "it's 100 %: yes"})
        device_id = add_rating(session, water, 2, NOON)
        session.execute(text("GRANT SELECT ON facility TO PUBLIC"))
        session.commit()
    _, rows_now, order = known_now(empty_database)
    catalog_now = catalog(empty_database)

    schema.downgrade(empty_database, "0005")
    offers, rows, order_before = known_now(empty_database)
    assert (rows, order_before) == (rows_now, order)
    assert offers == {
        water: (["drinking_water"], 2),
        shower: (["shower", "drinking_water"], 6),
        room: (["baby_care"], 8),
        toilets: (["toilets", "shower"], 5),
    }
    assert compared(catalog(empty_database)) == compared(catalog_now)

    schema.upgrade(empty_database)
    offers, rows, order_after = known_now(empty_database)
    assert (rows, order_after) == (rows_now, order)
    assert offers == {
        water: ([], 0), shower: (["drinking_water"], 2), room: ([], 0), toilets: (["toilets", "shower"], 5),
    }  # fmt: skip
    assert catalog(empty_database) == catalog_now
    with empty_database.write() as session:
        assert add_facility(session) > toilets
        session.execute(text("DELETE FROM facility WHERE id = :id"), {"id": water})
        rated = session.execute(text("SELECT count(*) FROM rating WHERE device_id = :id"), {"id": device_id})
        assert rated.scalar_one() == 0


COMPUTED = {"offers", "traits"}
ADDED_LATER = {"menstrual_products"}
RENAMED_LATER = ("report.", "queue_item.", "decision.")


def compared(entries: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """A catalog without what other migrations change: computed and added columns, and tables with a renamed column."""
    names = {f"facility.{prefix}{column}" for column in COMPUTED | ADDED_LATER for prefix in ("", "ck_facility_")}
    return {entry for entry in entries if entry[1] not in names and not entry[1].startswith(RENAMED_LATER)}


def known_now(database: Database) -> tuple[dict[int, tuple[list[str], int]], dict[str, list[Any]], list[str]]:
    """What each facility offers, as a list and in bits; all else of facilities and ratings; the columns in order."""
    with database.read() as session:
        columns = [column for column in session.execute(_COLUMN_ORDER).scalars() if column not in ADDED_LATER]
        facilities = session.execute(text("SELECT * FROM facility ORDER BY id")).mappings().all()
        others: dict[str, list[Any]] = {
            "facility": [{column: row[column] for column in columns if column not in COMPUTED} for row in facilities],
            "rating": list(session.execute(text("SELECT * FROM rating")).all()),
            "grants": list(
                session.execute(text("SELECT relacl::text FROM pg_class WHERE oid = 'facility'::regclass")).scalars()
            ),
        }
    return {row["id"]: (row["offers"], row["traits"] & 15) for row in facilities}, others, columns


def test_the_migrations_make_what_the_models_say(empty_database: Database, database_url: str) -> None:
    with empty_database.connection() as connection:
        connection.execute(text("CREATE EXTENSION postgis"))
        Base.metadata.create_all(connection)
        connection.commit()
    migrated = Database(database_url)
    assert catalog(migrated) == catalog(empty_database)
    migrated.close()


def test_two_upgrades_at_once_wait_for_each_other(empty_database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        for upgrade in [pool.submit(schema.upgrade, empty_database) for _ in range(2)]:
            upgrade.result(PATIENCE_S)
    assert is_current(empty_database)


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = catalog(empty_database)
    broken = Path(__file__).parent / "broken_search.sql"
    monkeypatch.setattr(schema, "FUNCTION_FILES", (broken,))
    with pytest.raises(FileNotFoundError):
        schema.upgrade(empty_database)
    assert catalog(empty_database) == before


def test_another_search_sql_than_the_installed_one_is_another_schema(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema.upgrade(empty_database)
    changed = tmp_path / "search.sql"
    changed.write_bytes(schema.FUNCTION_FILES[0].read_bytes() + b"-- changed\n")
    monkeypatch.setattr(schema, "FUNCTION_FILES", (changed, *schema.FUNCTION_FILES[1:]))
    assert not is_current(empty_database)
    schema.upgrade(empty_database)
    assert is_current(empty_database)


def test_a_server_without_postgis_is_told_in_one_line_that_says_what_to_install(empty_database: Database) -> None:
    # The view of available extensions, hidden behind one that knows none.
    execute(
        empty_database,
        "CREATE VIEW public.pg_available_extensions AS SELECT 'none'::name AS name",
        """DO $$ BEGIN
            EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
        END $$""",
    )
    empty_database.close()
    with pytest.raises(DatabaseUnavailable, match=r"^PostGIS is missing .*apt-get install postgresql-\d+-postgis-3$"):
        schema.upgrade(empty_database)


def test_a_role_that_may_not_install_postgis_is_told_who_may(empty_database: Database) -> None:
    role = f"without_rights_{os.getpid()}"
    setting = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I {}', user, current_database()); END $$"
    execute(empty_database, f"CREATE ROLE {role}", setting.format(f"SET role = {role}"))
    empty_database.close()
    try:
        with pytest.raises(DatabaseUnavailable, match=r"^this database role may not install PostGIS"):
            schema.upgrade(empty_database)
    finally:
        execute(empty_database, "SET ROLE NONE", setting.format("RESET role"), f"DROP ROLE {role}")


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
    ("ck_facility_country", {"country": "fi"}),
    ("ck_facility_country", {"country": "FIN"}),
    ("ck_facility_longitude", {"location": "SRID=4326;POINT(180.1 0)"}),
    ("ck_facility_latitude", {"location": "SRID=4326;POINT(0 -90.1)"}),
    ("ck_facility_longitude", {"location": "SRID=4326;POINT(NaN 0)"}),
    ("ck_facility_latitude", {"location": "SRID=4326;POINT EMPTY"}),
    ("ck_facility_hours_or_note", {"opening_hours": "24/7", "opening_hours_note": "at night"}),
    ("ck_facility_rating_count", {"demo_rating_count": 1}),
    ("ck_facility_rating_count", {"demo_rating_count": -1}),
    ("ck_facility_stars_total", {"rating_count": 2, "stars_total": 11, "last_rated_at": NOON}),
    ("ck_facility_stars_total", {"rating_count": 2, "stars_total": 1, "last_rated_at": NOON}),
    ("ck_facility_last_rated_at", {"last_rated_at": NOON}),
    ("ck_facility_last_rated_at", {"rating_count": 1, "stars_total": 3}),
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
            ("weight", {"weight": 0}),
            ("weight", {"weight": 1.1}),
            ("weight", {"weight": float("nan")}),
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
    ("ck_decision_statement_complete", {"decision_facts": None}),
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
]


def a_row_in_each_table(session: Session) -> None:
    facility_id = add_facility(session)
    session.execute(
        text(
            """
            WITH told AS (
                INSERT INTO dataset (name, licence, attribution) VALUES ('d', 'CC0-1.0', 'nobody') RETURNING id
            )
            INSERT INTO facility_source (dataset_id, external_id, facility_id, digest)
            SELECT id, 'a', :facility_id, decode(repeat('00', 16), 'hex') FROM told
            """
        ),
        {"facility_id": facility_id},
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
def test_the_database_refuses_what_makes_no_sense(session: Session, constraint: str, wrong: dict[str, Any]) -> None:
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


def test_each_check_of_the_database_has_been_tried(connection: Connection) -> None:
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
def test_a_rating_is_of_a_facility_and_by_a_device(session: Session, ids: dict[str, int]) -> None:
    known = {"facility": add_facility(session), "device": add_device(session, NOON).device_id}
    with pytest.raises(IntegrityError, match="fk_rating"):
        session.execute(
            text("INSERT INTO rating (facility_id, device_id, stars, rated_at) VALUES (:facility, :device, 1, :at)"),
            {**known, **ids, "at": NOON},
        )
