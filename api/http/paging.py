"""The query of a page, newest first."""

from api.http.fields import DEFAULT_LIMIT, MAX_LIMIT, StrictSchema, WholeNumber, between

MAX_CURSOR = 10**18 - 1
"""Eighteen digits, the maximum of a whole number in a query."""


def limit() -> WholeNumber:
    """Return a field for the size of a page."""
    return WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_LIMIT),
        metadata={"description": "Maximum number of entries."},
    )


class Page(StrictSchema):
    """The query for a page."""

    limit = limit()
    cursor = WholeNumber(validate=between(0, MAX_CURSOR), metadata={"description": "next_cursor of the previous page."})
