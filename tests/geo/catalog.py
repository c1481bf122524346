"""What PostgreSQL's catalog lists of a database's tables, without those of PostGIS and Alembic."""

from sqlalchemy import text

from geo.database import Database

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


def catalog(database: Database) -> set[tuple[str, str, str]]:
    with database.read() as session:
        rows = session.execute(CATALOG).all()
    return {(what, name, definition) for what, name, definition in rows if not name.startswith(NOT_OURS)}
