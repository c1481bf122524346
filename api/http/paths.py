"""URL converters that reject ids and names that the database cannot hold."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, UnicodeConverter

from geo.database import MAX_ID


class AsciiNumber(IntegerConverter):
    """A whole number of at most 19 ASCII digits, the length of PostgreSQL's largest bigint.

    A number greater than ``max`` becomes ``max``, which is never used as an id. If the converter rejected it, the
    response could be 405 instead of 404.
    """

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        number = int(value)
        return number if self.max is None else min(number, self.max)


class PrintableText(UnicodeConverter):
    """A text without NUL, which PostgreSQL does not store."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept the same arguments as UnicodeConverter."""
        super().__init__(*args, **kwargs)
        self.regex = self.regex.replace("[^/]", "[^/\\x00]")


def id_segment(name: str) -> str:
    """Return a path segment that holds the id of a row, as the argument ``name`` of its route."""
    return f"<int(max={MAX_ID}):{name}>"


def register(app: Flask) -> None:
    """Make the app use these converters."""
    app.url_map.converters.update(int=AsciiNumber, string=PrintableText)
