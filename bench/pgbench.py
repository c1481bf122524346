"""Measures the rate of a statement with pgbench on the same database."""

import re
import tempfile
from collections.abc import Sequence
from statistics import fmean
from typing import Any, Literal

import psycopg2.extensions
from psycopg2.extensions import AsIs
from sqlalchemy import text

from bench import program
from bench.askers import Asker
from bench.row import NotMeasured
from geo.database import Database, sql_connection
from geo.facilities import search
from geo.private_postgres.programs import find_programs

Mode = Literal["simple", "prepared"]

CLIENTS = 8
"""As many as the database connections of a worker: more only queue for the cores."""


def script(database: Database, askers: Sequence[Asker]) -> str:
    """Write pgbench's script for the very statement that the API sends, caught on its way to the driver.

    Its values are written out as the driver writes them, but for the asker's place, which the statement itself reads
    from a small table by a number drawn at random: a look-up of some ten microseconds.
    """
    with database.write() as session:
        session.execute(text("CREATE TABLE bench_asker (id int PRIMARY KEY, lon float8 NOT NULL, lat float8 NOT NULL)"))
        session.execute(
            text("INSERT INTO bench_asker VALUES (:id, :lon, :lat)"),
            [{"id": number, "lon": a.origin.lon, "lat": a.origin.lat} for number, a in enumerate(askers, start=1)],
        )
        session.commit()
    with database.read() as session:
        caught: list[tuple[str, dict[str, Any]]] = []

        class Catcher(psycopg2.extensions.cursor):  # type: ignore[misc]  # psycopg2 is untyped
            def execute(self, statement: str, parameters: Any = None) -> None:
                caught.append((statement, dict(parameters)))
                super().execute(statement, parameters)

        driver_connection: Any = sql_connection(session).connection.driver_connection
        driver_connection.cursor_factory = Catcher
        search.nearby(session, askers[0].query)
        driver_connection.cursor_factory = psycopg2.extensions.cursor
        [(statement, parameters)] = caught
        parameters["lon"] = AsIs("(SELECT lon FROM bench_asker WHERE id = :asker)")
        parameters["lat"] = AsIs("(SELECT lat FROM bench_asker WHERE id = :asker)")
        with driver_connection.cursor() as cursor:
            written: bytes = cursor.mogrify(statement, parameters)
    return f"\\set asker random(1, {len(askers)})\n{written.decode().strip()};\n"


def rate(url: str, script_text: str, duration_s: int, mode: Mode) -> float:
    """Statements a second, over the seconds that follow the first.

    Args:
        url: of the database, as libpq takes it.
        script_text: of pgbench.
        duration_s: how many seconds count.
        mode: simple sends the statement's text each time, as the API's driver does; prepared parses and plans it once.

    Raises:
        NotMeasured: it failed, or a statement did.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script_text)
        file.flush()
        options = ("-n", "-M", mode, "-c", str(CLIENTS), "-j", "1", "-P", "1", "-T", str(1 + duration_s))
        return parse(program.run(find_programs().folder / "pgbench", *options, "-f", file.name, url).stderr)


def parse(progress: str) -> float:
    """Return the transactions per second from pgbench's progress lines.

    In the first, its connections plan their statements, which the server's did long ago.

    Raises:
        NotMeasured: some failed, or there is no second.
    """
    seconds = re.findall(r"^progress: [\d.]+ s, ([\d.]+) tps,.*?(?:, (\d+) failed)?$", progress, re.MULTILINE)[1:]
    if not seconds or any(int(failed or 0) for _, failed in seconds):
        raise NotMeasured(f"pgbench reports failures or no rate: {progress.strip()}")
    return fmean(float(tps) for tps, _ in seconds)
