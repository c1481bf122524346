"""What all commands share: plain errors, and a database that is ready."""

from typing import Any

import click

from api.http.services import database, settings
from geo import schema
from geo.database import Database
from geo.errors import BeforehandError, DatabaseUnavailable
from geo.private_postgres.cluster import PrivatePostgres


class PlainCommand(click.Command):
    """A command that prints a domain error as one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BeforehandError as error:
            raise click.ClickException(str(error)) from error


def private_postgres() -> PrivatePostgres:
    """Return the private database; a usage error if DATABASE_URL replaces it."""
    private = settings().private_postgres
    if private is None:
        raise click.ClickException("DATABASE_URL is set: this command only starts and stops the private database")
    return private


def start_database() -> None:
    """Start the private database, if it is used."""
    private = settings().private_postgres
    if private is not None:
        private.start()


def ready_database() -> Database:
    """Start the private database, if it is used, check the schema, and return the database.

    Raises:
        DatabaseUnavailable: the database does not respond or has another schema.
    """
    start_database()
    with database().read() as session:
        if not schema.is_current(session):
            raise DatabaseUnavailable("the database schema does not match this code: run `flask migrate`")
    return database()
