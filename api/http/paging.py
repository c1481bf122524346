"""The query for a page, and the document of a page."""

from collections.abc import Callable, Mapping
from typing import Any

from api.http.fields import DEFAULT_LIMIT, MAX_LIMIT, StrictSchema, WholeNumber, between
from geo.paging import Entry, Page

MAX_CURSOR = 10**18 - 1
"""Eighteen digits, the maximum of a whole number in a query."""


def limit() -> WholeNumber:
    """Return a field for the size of a page."""
    return WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_LIMIT),
        metadata={"description": "Maximum number of entries."},
    )


class PageQuery(StrictSchema):
    """The query for a page."""

    limit = limit()
    cursor = WholeNumber(validate=between(0, MAX_CURSOR), metadata={"description": "next_cursor of the previous page."})


def page_document(
    name: str,
    page: Page[Entry],
    entry: Callable[[Entry], Mapping[str, Any]],
    cursor: Callable[[Entry], int | str],
) -> dict[str, Any]:
    """Return the document of a page.

    Args:
        name: the member of the entries.
        page: the page.
        entry: returns the document of an entry.
        cursor: returns the cursor of the page after an entry.
    """
    return {
        name: [entry(each) for each in page.entries],
        "next_cursor": None if page.next_after is None else cursor(page.next_after),
    }
