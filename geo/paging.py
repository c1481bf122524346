"""Keyset paging: a page ends at its last entry, and the next page starts after the key of that entry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import RowMapping, Select

from geo.database import Session

Entry = TypeVar("Entry")
Converted = TypeVar("Converted")


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """A page of an ordered list.

    Attributes:
        entries: in the order of the list.
        next_after: the entry after which the next page starts, or None if this is the last page.
    """

    entries: Sequence[Entry]
    next_after: Entry | None

    def convert(self, entry: Callable[[Entry], Converted]) -> "Page[Converted]":
        """Return the page with each entry converted."""
        return Page([entry(each) for each in self.entries], None if self.next_after is None else entry(self.next_after))


def read(session: Session, statement: Select[Any], limit: int) -> Page[RowMapping]:
    """Run an ordered statement for one page.

    Args:
        session: any session.
        statement: a statement that selects the rows after the key of the page before, without a limit.
        limit: the maximum number of entries.
    """
    # One more row than the page shows whether another page follows.
    rows = session.execute(statement.limit(limit + 1)).mappings().all()
    entries = rows[:limit]
    return Page(entries, entries[-1] if len(rows) > limit else None)
