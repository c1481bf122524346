"""The commands: up, serve, migrate, seed, and those of the database and the facilities."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from flask import Blueprint, Flask

from api.config import PROJECT
from api.services import database, now, settings
from geo import schema
from geo.database import Database
from geo.errors import BeforehandError, DatabaseUnavailable
from geo.facilities import counts, recompile
from geo.facilities.synthetic import synthetic_facilities
from geo.imports.formats import FORMATS, detect_format
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.writer import Dataset, ImportSummary, write_dataset

REQUEST_THREADS = 8
"""Threads of a worker that answer requests: as many as its database connections, so that none waits for one."""

SHUTDOWN_S = 20
"""How long a stopping worker may finish what it has begun: longer than its statements may take."""

REJECTIONS_SHOWN = 10
"""As many as a person reads at once; the count tells the rest."""

METRICS_FOLDER = "beforehand-metrics-"
"""What the folders that worker processes share their figures in are called, before the server's process id."""

SYNTHETIC = Source("CC-BY-4.0", "Invented facilities around cities of GeoNames", "https://www.geonames.org")

commands = Blueprint("commands", __name__, cli_group=None)


class PlainCommand(click.Command):
    """A command whose domain errors are one line, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except BeforehandError as error:
            raise click.ClickException(str(error)) from error


class PlainGroup(click.Group):
    """A group of such commands."""

    command_class = PlainCommand


def register(app: Flask) -> None:
    """Give the app its commands."""
    app.register_blueprint(commands)


@commands.cli.command("up", cls=PlainCommand)
@click.pass_context
def up(ctx: click.Context) -> None:
    """Serve from nothing: start the private database where none is named, migrate, seed the demo city, serve."""
    _require_free_port()
    _start_database()
    schema.upgrade(database())
    _seed()
    base = f"http://127.0.0.1:{settings().port}"
    click.echo(f"\n  {base}/")
    click.echo(f"  {base}/v1/facilities?lat=60.1699&lon=24.9384&limit=3")
    click.echo(f"  {base}/docs\n")
    ctx.invoke(serve)


@commands.cli.command("serve", cls=PlainCommand)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(host: str) -> None:
    """Serve on PORT with WEB_CONCURRENCY worker processes."""
    _require_free_port(host)
    _ready_database().close()
    environ = {
        **os.environ,
        "DATABASE_URL": settings().database_url,
        # The workers share their figures through files, and those of an earlier run are not theirs.
        "PROMETHEUS_MULTIPROC_DIR": _metrics_folder(),
    }
    command = [
        *(
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            host,
            "--port",
            str(settings().port),
        ),
        *("--workers", str(settings().workers), "--blocking-threads", str(REQUEST_THREADS)),
        *("--workers-kill-timeout", str(SHUTDOWN_S), "--respawn-failed-workers", "--no-ws"),
        "wsgi:app",
    ]
    os.chdir(PROJECT)
    sys.stdout.flush()
    os.execve(command[0], command, environ)  # noqa: S606 - no shell is what we want


@commands.cli.command("migrate", cls=PlainCommand)
def migrate() -> None:
    """Bring the database's schema to this code's."""
    _start_database()
    schema.upgrade(database())
    click.echo(f"The schema is at revision {schema.head()}.")


@commands.cli.command("seed", cls=PlainCommand)
def seed() -> None:
    """Fill an empty database with the demo city."""
    _ready_database()
    _seed()


@commands.cli.group("database")
def database_group() -> None:
    """The private database of this checkout."""


@database_group.command("start", cls=PlainCommand)
def start() -> None:
    """Start it; DATABASE_URL must not be set."""
    _start_database()
    click.echo(settings().database_url)


@database_group.command("stop", cls=PlainCommand)
def stop() -> None:
    """Stop it; a database named by DATABASE_URL is not ours to stop."""
    private = settings().private_postgres
    if private is not None:
        private.stop()


@commands.cli.group("facilities")
def facilities_group() -> None:
    """The facilities: import, count, generate, compile-hours."""


@facilities_group.command("import", cls=PlainCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_name", type=click.Choice(list(FORMATS)), help="Found out unless told.")
@click.option("--dataset", help="Name of the dataset that FILE is all of; the file's name unless told.")
@click.option("--licence", help="Its licence, as an SPDX identifier.")
@click.option("--attribution", help="The words that the licence asks to be shown.")
@click.option("--url", help="Where the licence's terms can be read.")
def import_file(
    file: Path,
    format_name: str | None,
    dataset: str | None,
    licence: str | None,
    attribution: str | None,
    url: str | None,
) -> None:
    """Make a dataset equal to FILE: add what is new, change what differs, close what has vanished.

    Either all of it or nothing; ratings are never touched. Importing the same file again changes nothing.
    """
    format_ = FORMATS[format_name or detect_format(file)]
    if source := format_.source:
        licence, attribution, url = licence or source.licence, attribution or source.attribution, url or source.url
    if not licence or not attribution:
        raise click.UsageError("whose data are these? Tell --licence and --attribution.")
    name = dataset or file.name.partition(".")[0]
    _write(Dataset(name, Source(licence, attribution, url)), format_.read(file))


@facilities_group.command("count", cls=PlainCommand)
def count() -> None:
    """How many facilities there are, by kind."""
    with _ready_database().read() as session:
        click.echo(f"{counts.total(session)} facilities")
        for kind in counts.by_kind(session):
            click.echo(
                f"  {kind.kind}: {kind.stand_alone} stand-alone, {kind.in_venues} in venues, {kind.offered} offered"
            )


@facilities_group.command("generate", cls=PlainCommand)
@click.option("--count", "how_many", type=click.IntRange(min=1), required=True, help="How many facilities.")
def generate(how_many: int) -> None:
    """Make a synthetic world around real cities, the same every time: for benchmarks, not for people."""
    _write(Dataset("synthetic", SYNTHETIC), synthetic_facilities(how_many))


@facilities_group.command("compile-hours", cls=PlainCommand)
def compile_hours() -> None:
    """Compile the opening hours of the coming weeks; run it once a night."""
    compiled, after = 0, 0
    while True:
        with _ready_database().write() as session:
            batch = recompile.next_batch(session, after)
            if not batch:
                break
            recompile.recompile(session, batch, now())
            session.commit()
        compiled, after = compiled + len(batch), batch[-1]["id"]
    click.echo(f"Compiled the opening hours of {compiled} facilities.")


def _start_database() -> None:
    private = settings().private_postgres
    if private is not None:
        private.start()


def _ready_database() -> Database:
    """The database, started where it is ours to start, with this code's schema."""
    _start_database()
    with database().read() as session:
        if not schema.is_current(session):
            raise DatabaseUnavailable("the database has another schema than this code: run `flask migrate`")
    return database()


def _seed() -> None:
    environ = {**os.environ, "DATABASE_URL": settings().database_url}
    done = subprocess.run([sys.executable, "-m", "seed_data"], cwd=PROJECT, env=environ, check=False)
    if done.returncode:
        raise DatabaseUnavailable("the demo city could not be seeded")


def _require_free_port(host: str = "127.0.0.1") -> None:
    """Say so at once, in one line, where somebody else has the port."""
    port = settings().port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another, as in PORT={port + 1} make run"
            ) from error


def _metrics_folder() -> str:
    """A folder named after this process, which becomes the server; those of processes that have ended are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{METRICS_FOLDER}*"):
        pid = left.name.removeprefix(METRICS_FOLDER).partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):  # not ours
            continue
    return tempfile.mkdtemp(prefix=f"{METRICS_FOLDER}{os.getpid()}-")


def _write(dataset: Dataset, rows: Iterable[FacilityRecord | Rejection]) -> None:
    started_s = perf_counter()
    with _ready_database().write() as session, _counting() as progress:
        summary = write_dataset(session, dataset, rows, now(), progress)
        session.commit()
    _tell(dataset, summary, perf_counter() - started_s)


@contextmanager
def _counting() -> Iterator[Any]:
    """Count the rows on one line of the terminal; in a log, one line now and then."""
    ending = "\r" if sys.stderr.isatty() else "\n"

    def progress(rows: int) -> None:
        click.echo(f"{rows} rows read{ending}", err=True, nl=False)

    yield progress
    if ending == "\r":
        click.echo(err=True)


def _tell(dataset: Dataset, summary: ImportSummary, elapsed_s: float) -> None:
    took = timedelta(seconds=round(elapsed_s, 1))
    click.echo(
        f"{dataset.name}: {summary.added} added, {summary.changed} changed, {summary.unchanged} unchanged, "
        f"{summary.vanished} vanished, {summary.rejected} rejected, in {took.total_seconds():g} s"
    )
    for rejection in summary.rejections[:REJECTIONS_SHOWN]:
        click.echo(f"  rejected {rejection.external_id}: {rejection.reason}")
    if summary.rejected > REJECTIONS_SHOWN:
        click.echo(f"  and {summary.rejected - REJECTIONS_SHOWN} more")
