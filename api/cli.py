"""The commands: up, serve, migrate, seed, and those of the database and the facilities."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from flask import Blueprint, Flask

from api import serving
from api.config import PROJECT
from api.services import database, now, settings
from geo import schema
from geo.database import Database
from geo.errors import BeforehandError, DatabaseUnavailable
from geo.facilities import counts, recompile
from geo.imports.edition import USUAL, EditionRefused, ImportSummary, Limit, Limits
from geo.imports.formats import FORMATS, detect_format
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.writer import Dataset, write_dataset
from geo.private_postgres.cluster import PrivatePostgres

REJECTIONS_SHOWN = 10
"""As many as a person reads at once; the count tells the rest."""

_USUAL = f"Default: {USUAL.percent}%; up to {USUAL.few} are always allowed, unless they are all."

commands = Blueprint("commands", __name__, cli_group=None)


class PlainCommand(click.Command):
    """A command whose domain errors are one line, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except BeforehandError as error:
            raise click.ClickException(str(error)) from error


class Refused(click.ClickException):
    """An import that was refused, though its file can be read."""

    exit_code = 3


class LimitType(click.ParamType[Limit]):
    """A number of rows, or a percentage of them."""

    name = "N|N%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Limit:
        """Read it."""
        try:
            return value if isinstance(value, Limit) else Limit.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def register(app: Flask) -> None:
    """Give the app its commands."""
    app.register_blueprint(commands)


@commands.cli.command("up", cls=PlainCommand)
@click.pass_context
def up(ctx: click.Context) -> None:
    """Serve from nothing, with a demo city.

    Starts the private database where DATABASE_URL names none, brings its schema up to date, fills it with the demo city
    where it is empty, and serves.
    """
    serving.require_free_port(settings().port)
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
    serving.require_free_port(settings().port, host)
    ready_database().close()
    serving.serve(settings(), host)


@commands.cli.command("migrate", cls=PlainCommand)
def migrate() -> None:
    """Bring the database's schema to this code's."""
    _start_database()
    schema.upgrade(database())
    click.echo(f"The schema is at revision {schema.head()}.")


@commands.cli.command("seed", cls=PlainCommand)
def seed() -> None:
    """Fill an empty database with the demo city."""
    ready_database()
    _seed()


@commands.cli.group("database")
def database_group() -> None:
    """Start and stop the private database of this checkout."""


@database_group.command("start", cls=PlainCommand)
def start() -> None:
    """Start it and print its URL."""
    _private_postgres().start()
    click.echo(settings().database_url)


@database_group.command("stop", cls=PlainCommand)
def stop() -> None:
    """Stop it."""
    _private_postgres().stop()


@commands.cli.group("facilities")
def facilities_group() -> None:
    """Import, count or make up facilities; compile their hours."""


@facilities_group.command("import", cls=PlainCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_name", type=click.Choice(list(FORMATS)), help="Of FILE; found out unless told.")
@click.option("--dataset", help="What FILE is all of, the same for each edition; the file's name unless told.")
@click.option("--licence", help="Its licence, as an SPDX identifier.")
@click.option("--attribution", help="The words that the licence asks to be shown.")
@click.option("--url", help="Where the licence's terms can be read.")
@click.option("--max-vanished", type=LimitType(), default=USUAL, help=f"How many facilities may vanish. {_USUAL}")
@click.option("--max-rejected", type=LimitType(), default=USUAL, help=f"How many rows may be rejected. {_USUAL}")
@click.option("--dry-run", is_flag=True, help="Print what the import would do, and change nothing.")
def import_file(
    file: Path,
    format_name: str | None,
    dataset: str | None,
    licence: str | None,
    attribution: str | None,
    url: str | None,
    max_vanished: Limit,
    max_rejected: Limit,
    dry_run: bool,
) -> None:
    """Import a dataset, all of it or nothing.

    Adds what is new in FILE, changes what differs, closes what it no longer lists, and never touches a rating. A
    facility whose row is rejected stays as it is. Importing the same file again changes nothing.

    Exit status: 0 done (or dry run), 1 fault (such as a file that cannot be read), 2 wrong usage, 3 refused, because
    more facilities would vanish or more rows are rejected than allowed. After 1, 2 and 3 nothing has changed.
    """
    format_ = FORMATS[format_name or detect_format(file)]
    if source := format_.source:
        licence, attribution, url = licence or source.licence, attribution or source.attribution, url or source.url
    if not licence or not attribution:
        raise click.UsageError("whose data are these? Tell --licence and --attribution.")
    name = dataset or file.name.partition(".")[0] or file.name
    limits = Limits(max_vanished, max_rejected)
    _write(Dataset(name, Source(licence, attribution, url), limits), format_.read(file), dry_run=dry_run)


@facilities_group.command("count", cls=PlainCommand)
def count() -> None:
    """Count the facilities by kind."""
    with ready_database().read() as session:
        kinds = counts.by_kind(session)
    click.echo(f"{sum(kind.stand_alone + kind.in_venues for kind in kinds)} facilities")
    for kind in kinds:
        click.echo(f"  {kind.kind}: {kind.stand_alone} stand-alone, {kind.in_venues} in venues, {kind.offered} offered")


@facilities_group.command("compile-hours", cls=PlainCommand)
def compile_hours() -> None:
    """Compile the coming weeks; run it nightly."""
    click.echo(f"Compiled the opening hours of {compile_all_hours()} facilities.")


def compile_all_hours() -> int:
    """Compile the opening hours of the coming weeks, batch by batch; of how many facilities."""
    ready, compiled, after = ready_database(), 0, 0
    while True:
        with ready.write() as session:
            batch = recompile.next_batch(session, after)
            if not batch:
                break
            recompile.recompile(session, batch, now())
            session.commit()
        compiled, after = compiled + len(batch), batch[-1]["id"]
    return compiled


def _private_postgres() -> PrivatePostgres:
    private = settings().private_postgres
    if private is None:
        raise click.ClickException("DATABASE_URL is set: its database is not ours to start or stop")
    return private


def _start_database() -> None:
    private = settings().private_postgres
    if private is not None:
        private.start()


def ready_database() -> Database:
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


def _write(dataset: Dataset, rows: Iterable[FacilityRecord | Rejection], *, dry_run: bool = False) -> None:
    started_s = perf_counter()
    refused: EditionRefused | None = None
    with ready_database().write() as session, _counting() as progress:
        try:
            summary = write_dataset(session, dataset, rows, now(), progress)
        except EditionRefused as error:
            summary, refused = error.summary, error
        if not refused and not dry_run:
            session.commit()
    elapsed = f"in {perf_counter() - started_s:.1f} s"
    if dry_run:
        _tell(dataset, summary, f"{elapsed} (dry run: nothing was changed)")
        if refused:
            click.echo(f"would be refused: {refused}; {_how_to_allow(refused)}")
    elif refused:
        _tell(dataset, summary, f"{elapsed} (refused: nothing was changed)", err=True)
        raise Refused(f"{dataset.name}: {refused}, so nothing was changed; {_how_to_allow(refused)}")
    else:
        _tell(dataset, summary, elapsed)


def _how_to_allow(refused: EditionRefused) -> str:
    options = " ".join(f"--max-{outcome} {rows}" for outcome, rows in refused.lost.items())
    return f"if the file is right and complete, allow it with {options}"


@contextmanager
def _counting() -> Iterator[Any]:
    """Count the rows on one line of the terminal; in a log, one line now and then."""
    ending = "\r" if sys.stderr.isatty() else "\n"

    def progress(rows: int) -> None:
        click.echo(f"{rows} rows read{ending}", err=True, nl=False)

    yield progress
    if ending == "\r":
        click.echo(err=True)


def _tell(dataset: Dataset, summary: ImportSummary, ending: str, *, err: bool = False) -> None:
    figures = ", ".join(
        f"{getattr(summary, outcome)} {outcome}"
        for outcome in ("added", "changed", "unchanged", "vanished", "rejected")
    )
    lines = [f"{dataset.name}: {figures}, {ending}"]
    lines += [f"  rejected {each.external_id}: {each.reason}" for each in summary.rejections[:REJECTIONS_SHOWN]]
    if summary.rejected > REJECTIONS_SHOWN:
        lines.append(f"  and {summary.rejected - REJECTIONS_SHOWN} more")
    if summary.kept:
        lines.append(f"  facilities left as they were, because their rows were rejected: {summary.kept}")
    click.echo("\n".join(lines), err=err)
