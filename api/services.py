"""What create_app was handed, for the routes and commands: the database, the clock, the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from flask import Flask, current_app

from api.config import Settings
from geo.database import Database

Clock = Callable[[], datetime]

_KEY = "beforehand"


@dataclass(frozen=True, slots=True)
class Services:
    """All that a request may reach.

    Attributes:
        database: where sessions come from.
        clock: tells the time, aware and in UTC.
        settings: of the deployment, for the commands.
    """

    database: Database
    clock: Clock
    settings: Settings


def system_clock() -> datetime:
    """The time now."""
    return datetime.now(UTC)


def provide(app: Flask, services: Services) -> None:
    """Hand the services to an app's routes."""
    app.extensions[_KEY] = services


def database() -> Database:
    """The database of the app that answers this request."""
    return _services().database


def now() -> datetime:
    """The time, by the clock of the app that answers this request."""
    return _services().clock()


def settings() -> Settings:
    """The settings of the app that runs this command."""
    return _services().settings


def _services() -> Services:
    return cast("Services", current_app.extensions[_KEY])
