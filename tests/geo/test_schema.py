import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from geo import schema
from geo.database import Base, Database
from geo.errors import DatabaseUnavailable
from tests.conftest import NOON
from tests.factories import add_facility, add_rating
from tests.geo.catalog import catalog

PATIENCE_S = 60


def execute(database: Database, *statements: str) -> None:
    with database.connection() as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def is_current(database: Database) -> bool:
    with database.read() as session:
        return schema.is_current(session)


def test_an_empty_database_is_upgraded_to_the_current_schema(empty_database: Database) -> None:
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


def test_the_schema_can_be_downgraded_to_nothing_and_upgraded_again(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    upgraded = catalog(empty_database)
    schema.downgrade(empty_database, "base")
    assert catalog(empty_database) == set()
    assert not is_current(empty_database)
    schema.upgrade(empty_database)
    assert catalog(empty_database) == upgraded


def test_the_newest_migration_file_is_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.head()


def test_facilities_keep_their_values_when_long_columns_move(empty_database: Database) -> None:
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


def test_a_migration_recomputes_offers_and_changes_nothing_else(empty_database: Database) -> None:
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

    schema.downgrade(empty_database, "0006")
    catalog_then = catalog(empty_database)
    schema.downgrade(empty_database, "0005")
    offers, rows, order_before = known_now(empty_database)
    assert (rows, order_before) == (rows_now, order)
    assert offers == {
        water: (["drinking_water"], 2),
        shower: (["shower", "drinking_water"], 6),
        room: (["baby_care"], 8),
        toilets: (["toilets", "shower"], 5),
    }
    assert compared(catalog(empty_database)) == compared(catalog_then)

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


def test_the_prior_of_existing_facilities_is_the_former_constant(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    with empty_database.write() as session:
        add_rating(session, add_facility(session, name="Old", operator="City"), 2, NOON)
        session.commit()
    _, rows_now, order = known_now(empty_database)
    schema.downgrade(empty_database, "0013")
    with empty_database.read() as session:
        columns = set(session.execute(_COLUMN_ORDER).scalars())
    assert not columns & {"prior_stars", "prior_group", "record_credibility", "present_credibility"}
    schema.upgrade(empty_database)
    assert known_now(empty_database)[1:] == (rows_now, order)
    with empty_database.read() as session:
        stored = session.execute(
            text("SELECT prior_stars, prior_group, record_credibility, present_credibility FROM facility")
        ).one()
        first = list(session.execute(_COLUMN_ORDER).scalars())[:12]
    assert stored == (3.6, None, 5, 5)
    assert {"prior_stars", "record_credibility", "present_credibility"} < set(first), "searches read them"


COMPUTED = {"offers", "traits"}
ADDED_LATER = {
    *("menstrual_products", "merged_into", "moved_from"),
    *("prior_stars", "prior_group", "record_credibility", "present_credibility"),
    *("toilets", "changing_table_location", "key_scheme"),
    *("weight_total", "weight_track", "origin", "trusted", "out_of_order_until", "rush_until"),
    *("weight", "weight_cluster"),  # and removed later
}


def compared(entries: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """A catalog without the computed columns."""
    names = {f"facility.{column}" for column in COMPUTED}
    return {entry for entry in entries if entry[1] not in names}


def known_now(database: Database) -> tuple[dict[int, tuple[list[str], int]], dict[str, list[Any]], list[str]]:
    """What each facility offers, as a list and in bits; all else of facilities and ratings; the columns in order."""
    with database.read() as session:
        columns = [column for column in session.execute(_COLUMN_ORDER).scalars() if column not in ADDED_LATER]
        facilities = session.execute(text("SELECT * FROM facility ORDER BY id")).mappings().all()
        others: dict[str, list[Any]] = {
            "facility": [{column: row[column] for column in columns if column not in COMPUTED} for row in facilities],
            "rating": [
                {column: value for column, value in row.items() if column not in ADDED_LATER}
                for row in session.execute(text("SELECT * FROM rating")).mappings()
            ],
            "grants": list(
                session.execute(text("SELECT relacl::text FROM pg_class WHERE oid = 'facility'::regclass")).scalars()
            ),
        }
    return {row["id"]: (row["offers"], row["traits"] & 15) for row in facilities}, others, columns


def test_the_migrations_create_the_schema_of_the_models(empty_database: Database, database_url: str) -> None:
    with empty_database.connection() as connection:
        connection.execute(text("CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm"))
        Base.metadata.create_all(connection)
        connection.commit()
    migrated = Database(database_url)
    assert catalog(migrated) == catalog(empty_database)
    migrated.close()


def test_two_concurrent_upgrades_wait_for_each_other(empty_database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        for upgrade in [pool.submit(schema.upgrade, empty_database) for _ in range(2)]:
            upgrade.result(PATIENCE_S)
    assert is_current(empty_database)


def test_a_failed_upgrade_leaves_nothing_behind(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = catalog(empty_database)
    broken = Path(__file__).parent / "broken_search.sql"
    monkeypatch.setattr(schema, "FUNCTION_FILES", (broken,))
    with pytest.raises(FileNotFoundError):
        schema.upgrade(empty_database)
    assert catalog(empty_database) == before


def test_a_changed_search_sql_makes_the_schema_outdated(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema.upgrade(empty_database)
    changed = tmp_path / "search.sql"
    changed.write_bytes(schema.FUNCTION_FILES[0].read_bytes() + b"-- changed\n")
    monkeypatch.setattr(schema, "FUNCTION_FILES", (changed, *schema.FUNCTION_FILES[1:]))
    assert not is_current(empty_database)
    schema.upgrade(empty_database)
    assert is_current(empty_database)


def test_missing_postgis_is_reported_in_one_line_with_the_package_to_install(empty_database: Database) -> None:
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


def test_a_role_that_may_not_install_postgis_is_refused_with_an_explanation(empty_database: Database) -> None:
    role = f"without_rights_{os.getpid()}"
    setting = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I {}', user, current_database()); END $$"
    execute(empty_database, f"CREATE ROLE {role}", setting.format(f"SET role = {role}"))
    empty_database.close()
    try:
        with pytest.raises(DatabaseUnavailable, match=r"^this database role may not install PostGIS"):
            schema.upgrade(empty_database)
    finally:
        execute(empty_database, "SET ROLE NONE", setting.format("RESET role"), f"DROP ROLE {role}")
