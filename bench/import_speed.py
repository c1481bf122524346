"""An import against COPY of the same rows into the same table with the same indexes and constraints."""

import sys
from io import StringIO
from time import perf_counter
from typing import Any

from sqlalchemy import text

from bench.row import Row
from bench.world import AS_OF, DATASET
from geo.database import Database
from geo.facilities.synthetic import synthetic_facilities
from geo.imports.writer import write_dataset


def row(database: Database, facilities: int) -> Row:
    """Import the synthetic world into an empty database, then copy its table within it; the world stays."""
    records = list(synthetic_facilities(facilities))
    print(f"importing {facilities} facilities", file=sys.stderr)
    started_s = perf_counter()
    with database.write() as session:
        write_dataset(session, DATASET, records, AS_OF)
        session.commit()
    import_rate = facilities / (perf_counter() - started_s)
    return Row("import", import_rate, facilities / _copy_s(database), "rows/s", "COPY into the same table", "≥ 0.3")


def _copy_s(database: Database) -> float:
    """Seconds to COPY all rows of facility into a table that is its equal in columns, indexes and constraints."""
    with database.connection() as connection:
        connection.execute(text("CREATE TABLE facility_copy (LIKE facility INCLUDING ALL)"))
        cursor: Any = connection.connection.cursor()
        columns = connection.execute(
            text(
                """SELECT string_agg(column_name, ', ' ORDER BY ordinal_position)
                   FROM information_schema.columns WHERE table_name = 'facility' AND is_generated = 'NEVER'"""
            )
        ).scalar_one()
        rows = StringIO()
        cursor.copy_expert(f"COPY facility ({columns}) TO STDOUT", rows)
        rows.seek(0)
        started_s = perf_counter()
        cursor.copy_expert(f"COPY facility_copy ({columns}) FROM STDIN", rows)
        connection.commit()
        elapsed_s = perf_counter() - started_s
        connection.execute(text("DROP TABLE facility_copy"))
        connection.commit()
    return elapsed_s
