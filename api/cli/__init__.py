"""The commands of ``flask``, by subject."""

from flask import Flask

from api.cli import facilities, gazetteer, moderation, partners, service


def register(app: Flask) -> None:
    """Register all commands."""
    for subject in (service, facilities, gazetteer, moderation, partners):
        app.register_blueprint(subject.commands)
