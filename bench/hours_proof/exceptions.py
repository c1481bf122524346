"""Why the states of a text differ from those of the reference."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from bench.hours_proof.comparison import Comparison, Place, compare
from geo.facilities.hours_syntax import PUBLIC_HOLIDAYS, SUN_EVENT

HOLIDAYS_DIFFER = "only on days that one of the two does not take as a public holiday"
SUN_DIFFERS = "single slots, at an event of the sun: both compute it to the minute"
NOTE = "a note here"
UNEXPLAINED = "unexplained"


def reasons_of(compared: Sequence[Comparison], as_of: datetime) -> Iterator[tuple[Comparison, str]]:
    """Yield each comparison that differs, with the reason."""
    differing = [one for one in compared if one.differing]
    at_holidays = compare([Place("PH 00:00-24:00", one.place.location) for one in differing], as_of)
    holidays = {one.place.location: frozenset(one.differing) for one in at_holidays}
    for one in differing:
        yield one, _reason(one, holidays[one.place.location])


def _reason(one: Comparison, holiday_slots: frozenset[int]) -> str:
    if one.is_note:
        return NOTE
    if PUBLIC_HOLIDAYS.search(one.place.text) and holiday_slots.issuperset(one.differing):
        return HOLIDAYS_DIFFER
    if re.search(SUN_EVENT, one.place.text, re.IGNORECASE) and all(
        next_slot - slot > 1 for slot, next_slot in pairwise(one.differing)
    ):
        return SUN_DIFFERS
    return UNEXPLAINED
