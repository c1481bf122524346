"""The command group facilities: import, count, compile-hours."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from flask import Blueprint

from api.cli.commands import PlainCommand, ready_database
from api.config import PROJECT
from api.http.services import now
from geo.conflation.conflate import Conflation, conflate
from geo.conflation.matching import MAX_M
from geo.facilities import counts, recompile
from geo.facilities.models import AUTHORITIES
from geo.imports.edition import USUAL, EditionRefused, ImportSummary, Limit, Limits
from geo.imports.files import first_bytes
from geo.imports.formats import FORMATS, format_of
from geo.imports.mapped_rows import MappedReader
from geo.imports.mapping import load
from geo.imports.record import Reader, Source
from geo.imports.writer import Dataset, write_dataset
from geo.priors import storage
from geo.priors.estimate import estimate

commands = Blueprint("facility_commands", __name__, cli_group=None)

MAPPINGS = PROJECT / "seed_data" / "mappings"
SHIPPED = tuple(sorted(file.name for file in MAPPINGS.glob("*.toml")))
"""Names of the mappings that the project contains."""

MAX_DISTANCE_M = 200.0
"""Farther apart, two entries are never one place."""

PAIRS_SHOWN = 10
"""Pairs that were kept apart that a conflation prints; it counts the others."""

REJECTIONS_SHOWN = 10
"""Rejected rows that an import prints; it counts the others."""

_USUAL = f"Default: {USUAL.percent}%; up to {USUAL.few} are always allowed if others remain."


class Refused(click.ClickException):
    """An import was refused, although its file is readable."""

    exit_code = 3


class LimitType(click.ParamType[Limit]):
    """A number of rows, or a percentage of them."""

    name = "N|N%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Limit:
        """Parse the value."""
        try:
            return value if isinstance(value, Limit) else Limit.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@commands.cli.group("facilities")
def facilities_group() -> None:
    """Import, count or generate facilities; compile their hours."""


@facilities_group.command("import", cls=PlainCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_name", type=click.Choice(list(FORMATS)), help="Format of FILE. Default: detected.")
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path),
    help="TOML file that maps another publisher's columns to fields: a path, or the name of a shipped one "
    f"({', '.join(SHIPPED)}).",
)
@click.option("--dataset", help="Dataset that FILE is an edition of. Default: name of FILE.")
@click.option("--licence", help="Licence of the data, as an SPDX identifier.")
@click.option("--attribution", help="Attribution that the licence requires.")
@click.option("--url", help="URL of the licence terms.")
@click.option(
    "--authority",
    type=click.Choice(AUTHORITIES),
    help="Who maintains the data: where sources differ, an official one decides about hours, access and fee. "
    "Default: as in the previous import, community in the first.",
)
@click.option("--max-vanished", type=LimitType(), default=USUAL, help=f"How many facilities may vanish. {_USUAL}")
@click.option("--max-rejected", type=LimitType(), default=USUAL, help=f"How many rows may be rejected. {_USUAL}")
@click.option("--accept-warnings", is_flag=True, help="Import although the file is probably the wrong one.")
@click.option("--dry-run", is_flag=True, help="Print what the import would do without doing it.")
def import_file(
    file: Path,
    format_name: str | None,
    mapping_file: Path | None,
    dataset: str | None,
    licence: str | None,
    attribution: str | None,
    url: str | None,
    authority: str | None,
    max_vanished: Limit,
    max_rejected: Limit,
    accept_warnings: bool,
    dry_run: bool,
) -> None:
    """Import a dataset in one transaction.

    Adds new facilities of FILE, updates changed ones and closes those that FILE no longer lists. Ratings are not
    changed. A facility whose row is rejected stays as it is. Importing the same file again changes nothing.

    Exit status: 0 success or dry run; 1 error, such as an unreadable file; 2 wrong usage; 3 refused, because more
    facilities would vanish or more rows were rejected than allowed, or because of a warning. With 1, 2 and 3, nothing
    was changed.
    """
    if mapping_file and format_name:
        raise click.UsageError("--mapping contains the format; leave --format out")
    mapping = load(_mapping_path(mapping_file)) if mapping_file else None
    reader = MappedReader(mapping) if mapping else None
    read, source = _reading(file, format_name, reader)
    if source:
        licence, attribution, url = licence or source.licence, attribution or source.attribution, url or source.url
    if mapping:
        dataset, authority = dataset or mapping.dataset, authority or mapping.authority
    if not licence or not attribution:
        raise click.UsageError("--licence and --attribution are required for this format")
    try:
        terms = Source(licence, attribution, url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--url'") from None
    name = dataset or file.name.partition(".")[0] or file.name
    limits = Limits(max_vanished, max_rejected, accept_warnings)
    _write(Dataset(name, terms, authority, limits), read, file, dry_run=dry_run)
    for note in reader.notes() if reader else ():
        click.echo(f"  {note}")


def _reading(file: Path, format_name: str | None, mapped: MappedReader | None) -> tuple[Reader, Source | None]:
    """Return the function that reads a file, and the source of its data if it is known."""
    if mapped:
        first_bytes(file)
        return mapped.read, mapped.mapping.source
    format_ = format_of(file, format_name)
    return format_.read, format_.source


def _mapping_path(path: Path) -> Path:
    """Return the path of a mapping: as given, else of the shipped one of this name."""
    return MAPPINGS / path.name if not path.exists() and path.name in SHIPPED else path


class DistanceType(click.FloatRange):
    """A distance in metres within a range; click accepts NaN, which lies in no range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the distance."""
        distance: float = super().convert(value, param, ctx)
        if isnan(distance):
            self.fail(f"{value} is not a distance", param, ctx)
        return distance


@facilities_group.command("conflate", cls=PlainCommand)
@click.option("--dry-run", is_flag=True, help="Print the figures without merging anything.")
@click.option(
    "--max-m",
    type=DistanceType(0, MAX_DISTANCE_M, min_open=True),
    default=MAX_M,
    show_default=True,
    help="Maximum distance of two entries of one place, in metres.",
)
def conflate_places(dry_run: bool, max_m: float) -> None:
    """Merge the entries of different datasets that are one place.

    Each merge is a decision, which moderators can revert. Imports do the same for the facilities that they change.
    """
    with ready_database().write() as session:
        conflation = conflate(session, now(), max_m)
        if not dry_run:
            session.commit()
    for pair in conflation.kept_apart[:PAIRS_SHOWN]:
        click.echo(f"  kept apart: {pair}")
    if len(conflation.kept_apart) > PAIRS_SHOWN:
        click.echo(f"  and {len(conflation.kept_apart) - PAIRS_SHOWN} more")
    if dry_run:
        click.echo("Dry run: nothing was changed.")
    click.echo(_merged(conflation))


def _merged(conflation: Conflation) -> str:
    return f"{conflation.merged} merged, {len(conflation.kept_apart)} kept apart"


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
    """Compile opening hours for the coming weeks; run it nightly."""
    click.echo(f"Compiled the opening hours of {compile_all_hours()} facilities.")


def compile_all_hours() -> int:
    """Compile the opening hours of the coming weeks in batches; return the number of facilities."""
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


def estimate_all_priors() -> int:
    """Estimate the priors of all places and store those that changed in batches; return the number of changed ones."""
    ready, changed, after = ready_database(), 0, 0
    with ready.write() as session:
        priors = estimate(session, now())
    while True:
        with ready.write() as session:
            batch = storage.next_batch(session, after)
            if not batch:
                break
            changed += storage.store(session, batch, priors)
            session.commit()
        after = batch[-1].id
    return changed


def _write(dataset: Dataset, read: Reader, file: Path, *, dry_run: bool = False) -> None:
    started_s = perf_counter()
    refused: EditionRefused | None = None
    with ready_database().write() as session, _counting(read, file) as progress:
        try:
            summary = write_dataset(session, dataset, read(file), now(), progress)
        except EditionRefused as error:
            summary, refused = error.summary, error
        if not refused and not dry_run:
            session.commit()
    elapsed = f"in {perf_counter() - started_s:.1f} s"
    if dry_run:
        _print_summary(dataset, summary, f"{elapsed} (dry run: nothing was changed)")
        _print_examples(summary)
        if refused:
            click.echo(f"would be refused: {refused}; {_how_to_allow(refused)}")
    elif refused:
        _print_summary(dataset, summary, f"{elapsed} (refused: nothing was changed)", err=True)
        raise Refused(f"{dataset.name}: {refused}, so nothing was changed; {_how_to_allow(refused)}")
    else:
        _print_summary(dataset, summary, elapsed)


def _how_to_allow(refused: EditionRefused) -> str:
    options = [f"--max-{outcome} {rows}" for outcome, rows in refused.lost.items()]
    if refused.is_doubtful:
        options.append("--accept-warnings")
    return f"if the file is correct and complete, allow it with {' '.join(options)}"


@contextmanager
def _counting(read: Reader, file: Path) -> Iterator[Callable[[int], None]]:
    """Show the progress: on a terminal as a bar with the remaining time, otherwise on a line for each report.

    For the total, the file is read once before; that takes a tenth of the time of an import.
    """
    if not sys.stderr.isatty():
        yield lambda rows: click.echo(f"{rows} rows read", err=True)
        return
    with click.progressbar(
        length=sum(1 for _ in read(file)), label="rows", file=sys.stderr, show_percent=True, show_pos=True
    ) as bar:
        yield lambda rows: bar.update(rows - bar.pos)


def _print_examples(summary: ImportSummary) -> None:
    for outcome, shown in summary.examples.items():
        more = getattr(summary, outcome) - len(shown)
        for each in shown:
            click.echo(f"  {outcome} {each}")
        if more:
            click.echo(f"  and {more} more {outcome}")


def _print_summary(dataset: Dataset, summary: ImportSummary, ending: str, *, err: bool = False) -> None:
    figures = ", ".join(
        f"{getattr(summary, outcome)} {outcome}"
        for outcome in ("added", "changed", "unchanged", "vanished", "rejected")
    )
    lines = [f"{dataset.name}: {figures}, {ending}"]
    lines += [f"  rejected {each.external_id}: {each.reason}" for each in summary.rejections[:REJECTIONS_SHOWN]]
    if summary.rejected > REJECTIONS_SHOWN:
        lines.append(f"  and {summary.rejected - REJECTIONS_SHOWN} more")
    lines += [f"  warning: {warning}" for warning in summary.warnings]
    if summary.kept:
        lines.append(f"  facilities left as they were, because their rows were rejected: {summary.kept}")
    if summary.conflation.merged or summary.conflation.kept_apart:
        lines.append(f"  {_merged(summary.conflation)}")
    click.echo("\n".join(lines), err=err)
