"""The command group gazetteer: import."""

from pathlib import Path
from time import perf_counter

import click
from flask import Blueprint

from api.cli.commands import PlainCommand, ready_database
from api.http.services import now
from geo.gazetteer import writer
from geo.imports.files import first_bytes
from geo.imports.formats import OPENSTREETMAP

commands = Blueprint("gazetteer_commands", __name__, cli_group=None)


@commands.cli.group("gazetteer")
def gazetteer_group() -> None:
    """Import named places, stations and streets."""


@gazetteer_group.command("import", cls=PlainCommand)
@click.argument("file", type=click.Path(path_type=Path))
def import_file(file: Path) -> None:
    """Import the named places, stations and streets of an OpenStreetMap extract, such as FILE.osm.pbf.

    They replace those of an earlier file of the same name, in one transaction.
    """
    # libosmium takes four megabytes, which server processes do not need.
    from geo.gazetteer import osm  # noqa: PLC0415

    first_bytes(file)
    name = file.name.partition(".")[0] or file.name
    started_s = perf_counter()
    with ready_database().write() as session:
        summary = writer.write(session, name, OPENSTREETMAP, osm.read(file), now())
        session.commit()
    counts = f"{summary.places} places, {summary.stations} stations, {summary.streets} streets"
    click.echo(f"{name}: {counts}, in {perf_counter() - started_s:.1f} s")
