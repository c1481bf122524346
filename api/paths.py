"""What a path may hold: what can be no id or name of ours is no path at all, whatever a database would make of it."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, UnicodeConverter


class AsciiNumber(IntegerConverter):
    """A whole number of at most 19 ASCII digits, as many as PostgreSQL's bigint has.

    What is greater than ``max`` is taken for ``max``, which is no id either: a converter that refuses a value lets the
    methods of its rule seem the wrong ones (405).
    """

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """The number."""
        number = int(value)
        return number if self.max is None else min(number, self.max)


class PrintableText(UnicodeConverter):
    """A text without NUL, which PostgreSQL does not store."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As of a text, with bounds for its length."""
        super().__init__(*args, **kwargs)
        self.regex = self.regex.replace("[^/]", "[^/\\x00]")


def register(app: Flask) -> None:
    """Read the paths of an app in this way."""
    app.url_map.converters.update(int=AsciiNumber, string=PrintableText)
