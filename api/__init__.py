"""The HTTP API and the command line of Beforehand."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from api import cli
from api.asks import endpoints as asks
from api.config import Settings
from api.crowd import endpoints as crowd
from api.fences import endpoints as fences
from api.hints import endpoints as hints
from api.http import callers, cors, declarations, documentation, limits, logs, paths, problems, services, status, turns
from api.http.services import Clock, Services, system_clock
from api.localities import endpoints as localities
from api.me import endpoints as me
from api.moderation import endpoints as moderation
from api.pages import endpoints as pages
from api.partners import endpoints as partners
from api.partners import memory as partner_memory
from api.places import endpoints as places
from api.records import endpoints as records
from api.route import endpoints as route
from geo.database import Database

MAX_BODY_BYTES = 64 * 1024
"""Maximum size of a request body. A rating with the longest comment has a tenth of it; larger bodies are not read."""


ROOMS = (places, localities, crowd, asks, me, route, hints, fences, moderation, records, partners)
"""The rooms of the API. The doors of each are its blueprints."""


class Beforehand(Flask):
    """The Flask application. All its functions are synchronous, so Flask need not check each one on every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function unchanged."""
        return func


def create_app(settings: Settings, *, database: Database | None = None, clock: Clock = system_clock) -> Flask:
    """Create the WSGI application.

    Args:
        settings: the deployment's settings.
        database: replaces the database that the settings name.
        clock: returns the current time.
    """
    app = Beforehand(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect would not be a problem document
    paths.register(app)
    services.provide(app, Services(database or Database(settings.database_url), clock, settings))
    partner_memory.provide(app)
    logs.register(app)
    status.register(app)
    problems.register(app)
    cors.register(app)
    limits.register(app, callers.calling_block)
    turns.register(app, callers.calling_block)
    declarations.register(app)
    pages.register(app)
    documentation.register(app, [door for room in ROOMS for door in room.doors])
    cli.register(app)
    return app
