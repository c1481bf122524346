"""Gives routes and commands access to what create_app was passed: the database, the clock and the settings."""

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
    """The services available to a request.

    Attributes:
        database: creates sessions.
        clock: returns the current time, timezone-aware and in UTC.
        settings: the deployment's settings.
    """

    database: Database
    clock: Clock
    settings: Settings


def system_clock() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def provide(app: Flask, services: Services) -> None:
    """Make the services available to an app's routes."""
    app.extensions[_KEY] = services


def database() -> Database:
    """Return the database of the current app."""
    return _services().database


def now() -> datetime:
    """Return the time of the current app's clock."""
    return _services().clock()


def settings() -> Settings:
    """Return the settings of the current app."""
    return _services().settings


def _services() -> Services:
    return cast("Services", current_app.extensions[_KEY])
