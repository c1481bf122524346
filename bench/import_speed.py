"""An import of a GeoJSON file against COPY of the same rows into the same table with the same indexes, constraints."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from time import perf_counter
from typing import Any

from sqlalchemy import text

from bench.row import Row
from bench.synthetic import write_geojson
from bench.world import AS_OF, DATASET
from geo.database import Database
from geo.imports import geojson
from geo.imports.writer import write_dataset


def row(database: Database, facilities: int) -> Row:
    """Import a file of the synthetic world into an empty database, then copy its table within it; the world stays."""
    with _world_file(facilities) as path:
        print(f"importing {facilities} facilities", file=sys.stderr)
        gc.freeze()  # the cities of the world that was made stay loaded, and are not the import's to look through
        import_rate = facilities / import_s(database, path)
    return Row("import", import_rate, facilities / _copy_s(database), "rows/s", "COPY into the same table", "≥ 0.3")


def import_s(database: Database, path: Path) -> float:
    """Seconds to import a file of our own GeoJSON, from its first byte to the commit."""
    started_s = perf_counter()
    with database.write() as session:
        write_dataset(session, DATASET, geojson.read_own(path), AS_OF)
        session.commit()
    return perf_counter() - started_s


@contextmanager
def _world_file(facilities: int) -> Iterator[Path]:
    """The synthetic world as a file in our own GeoJSON, gone when it has been read."""
    with TemporaryDirectory(prefix="beforehand-bench-") as folder:
        path = Path(folder, "synthetic.geojson")
        with path.open("wb") as file:
            write_geojson(file, facilities)
        yield path


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
        with TemporaryFile() as rows:
            cursor.copy_expert(f"COPY facility ({columns}) TO STDOUT", rows)
            rows.seek(0)
            started_s = perf_counter()
            cursor.copy_expert(f"COPY facility_copy ({columns}) FROM STDIN", rows)
            connection.commit()
            elapsed_s = perf_counter() - started_s
        connection.execute(text("DROP TABLE facility_copy"))
        connection.commit()
    return elapsed_s
