"""The commands up, serve, migrate and seed, and the command group database."""

import os
import subprocess
import sys

import click
from flask import Blueprint

from api.cli import serving
from api.cli.commands import PlainCommand, private_postgres, ready_database, start_database
from api.config import PROJECT
from api.http.services import database, settings
from geo import schema
from geo.errors import DatabaseUnavailable

commands = Blueprint("service_commands", __name__, cli_group=None)


@commands.cli.command("up", cls=PlainCommand)
@click.pass_context
def up(ctx: click.Context) -> None:
    """Set up everything and serve, with a demo city.

    Starts the private database unless DATABASE_URL is set, upgrades the schema, loads the demo city into an empty
    database, and serves.
    """
    serving.require_free_port("PORT", settings().port)
    start_database()
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
    serving.require_free_port("PORT", settings().port, host)
    if settings().metrics_port != settings().port:
        serving.require_free_port("METRICS_PORT", settings().metrics_port)
    ready_database().close()
    serving.serve(settings(), host)


@commands.cli.command("migrate", cls=PlainCommand)
def migrate() -> None:
    """Upgrade the database schema to this version of the code."""
    start_database()
    schema.upgrade(database())
    click.echo(f"The schema is at revision {schema.head()}.")


@commands.cli.command("seed", cls=PlainCommand)
def seed() -> None:
    """Load the demo city into an empty database."""
    ready_database()
    _seed()


@commands.cli.group("database")
def database_group() -> None:
    """Start and stop the private database of this checkout."""


@database_group.command("start", cls=PlainCommand)
def start() -> None:
    """Start the database and print its URL."""
    private_postgres().start()
    click.echo(settings().database_url)


@database_group.command("stop", cls=PlainCommand)
def stop() -> None:
    """Stop the database."""
    private_postgres().stop()


def _seed() -> None:
    environ = {**os.environ, "DATABASE_URL": settings().database_url}
    done = subprocess.run([sys.executable, "-m", "seed_data"], cwd=PROJECT, env=environ, check=False)
    if done.returncode:
        raise DatabaseUnavailable("the demo city could not be loaded")
