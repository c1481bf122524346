"""The HTTP API and the command line of Beforehand."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from api import callers, cli, cors, declarations, documentation, limits, logs, pages, paths, problems, services, status
from api.admin import commands as moderation_commands
from api.admin import decisions, partners, queue, records
from api.config import Settings
from api.partner import commands as partner_commands
from api.partner import facilities as partner_facilities
from api.partner import memory as partner_memory
from api.partner import proposals as partner_proposals
from api.services import Clock, Services, system_clock
from api.v1 import devices, facilities, fences, hints, me, proposals, ratings, reports, route
from geo.database import Database

MAX_BODY_BYTES = 64 * 1024
"""Maximum size of a request body. A rating with the longest comment has a tenth of it; larger bodies are not read."""


DOORS = (
    *(facilities.door, ratings.door, devices.door, reports.door, proposals.door, me.door),
    *(route.door, hints.door, fences.door),
    *(queue.door, decisions.door, records.door, partners.door),
    *(partner_facilities.door, partner_proposals.door),
)


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
    declarations.register(app)
    pages.register(app)
    documentation.register(app, DOORS)
    cli.register(app)
    app.register_blueprint(moderation_commands.commands)
    app.register_blueprint(partner_commands.commands)
    return app
