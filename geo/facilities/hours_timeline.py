"""Evaluates rules of opening hours minute by minute, in local time.

A span belongs to the day on which it starts. A later rule replaces the spans of earlier rules on its days, with what
of them reaches into the next day, and what reaches into its days from the day before.
"""

from collections.abc import Iterator, Sequence

from geo.facilities.hours_calendar import Calendar
from geo.facilities.hours_rules import LAST_MINUTE, MINUTES_OF_DAY, HoursState, Rule
from geo.facilities.hours_syntax import SCHOOL_HOLIDAYS, outside_school_holidays, within_school_holidays

CLOSED, UNKNOWN, OPEN = 1, 2, 4
"""States of a minute. A minute with more than one of them is unknown."""

_CODES: dict[HoursState, int] = {"closed": CLOSED, "unknown": UNKNOWN, "open": OPEN}
_ONE_STATE = bytes(code if code in {CLOSED, OPEN} else UNKNOWN for code in range(256))
_CLOSED_AS_UNKNOWN = bytes.maketrans(bytes([CLOSED]), bytes([UNKNOWN]))
_FILLING = bytes.maketrans(bytes([CLOSED, UNKNOWN, OPEN]), bytes([0, UNKNOWN, UNKNOWN]))
_FILLED = bytes.maketrans(bytes([CLOSED | UNKNOWN, OPEN | UNKNOWN]), bytes([UNKNOWN, OPEN]))

_EVENING, _NIGHT = 17 * 60, 22 * 60
_EVENING_MINUTES, _NIGHT_MINUTES = 10 * 60, 8 * 60
"""Until when hours with an open end may last, as opening_hours.js, OSM's reference, assumes: until midnight; from 17:00
on for 10 hours; from 22:00 on for 8."""


def timeline(alternatives: Sequence[Sequence[Rule]], calendar: Calendar) -> bytes:
    """Return the state of each minute of the calendar's days.

    What an alternative after ``||`` opens is unknown: it means "by appointment", and readers differ about its scope.
    """
    first, *fallbacks = (_in_any_school_holidays(rules, calendar) for rules in alternatives)
    for fallback in fallbacks:
        first = _combined(first, fallback.translate(_FILLING)).translate(_FILLED)
    return first


def _in_any_school_holidays(rules: Sequence[Rule], calendar: Calendar) -> bytes:
    """Return the states that do not depend on school holidays, of which there is no calendar; else unknown.

    A span reaches at most into the next day, so a state depends on whether two days are school holidays.
    """
    if not any(SCHOOL_HOLIDAYS.search(rule.days) for rule in rules):
        return _painted(rules, [calendar.on(rule.days) for rule in rules], calendar)
    no_days = bytes(calendar.days)
    outside, within = [], []
    for rule in rules:
        if SCHOOL_HOLIDAYS.search(rule.days):
            days = outside_school_holidays(rule.days)
            outside.append(no_days if days is None else calendar.on(days))
            within.append(calendar.on(within_school_holidays(rule.days)))
        else:
            outside.append(calendar.on(rule.days))
            within.append(outside[-1])
    states = no_days * MINUTES_OF_DAY
    for even, odd in ((outside, outside), (within, within), (outside, within), (within, outside)):
        selected = [_alternating(*pair) for pair in zip(even, odd, strict=True)]
        states = _combined(states, _painted(rules, selected, calendar))
    return states.translate(_ONE_STATE)


def _alternating(even: bytes, odd: bytes) -> bytes:
    mixed = bytearray(even)
    mixed[1::2] = odd[1::2]
    return bytes(mixed)


def _combined(left: bytes, right: bytes) -> bytes:
    """Return the states of both, minute by minute."""
    return (int.from_bytes(left) | int.from_bytes(right)).to_bytes(len(left))


def _painted(rules: Sequence[Rule], selected: Sequence[bytes], calendar: Calendar) -> bytes:
    """Return the states by rules of which each applies on its selected days."""
    states = bytearray([CLOSED]) * (calendar.days * MINUTES_OF_DAY)
    replacing = [_replaces(rule, rules[number - 1] if number else None) for number, rule in enumerate(rules)]
    of_yesterday: set[int] = set()
    for day in range(calendar.days):
        applying: list[tuple[int, int]] = []
        is_special = False
        for number, rule in enumerate(rules):
            if selected[number][day] and not (is_special and rule.leaves_special_days_closed):
                if replacing[number]:
                    applying.clear()
                    is_special = rule.closes_special_days
                applying.append((number, day))
            if number in of_yesterday:
                applying.append((number, day - 1))
        of_yesterday = {number for number, of_day in applying if of_day == day}
        for number, of_day in applying:
            _paint(states, rules[number], calendar, of_day, day)
    return bytes(states)


def _replaces(rule: Rule, previous: Rule | None) -> bool:
    """Return whether a rule replaces the earlier rules on its days.

    A rule with times that closes, or without days after a rule with days (``Mo-Fr 08:00-12:00; 13:30-18:00``), adds to
    them, as in opening_hours.js.
    """
    if rule.additional:
        return False
    if rule.state == "closed":
        return not rule.spans
    return bool(rule.days) or previous is None or not previous.days


def _paint(states: bytearray, rule: Rule, calendar: Calendar, of_day: int, day: int) -> None:
    """Set the states on a day by the spans of a rule that start on it or on the day before."""
    code = _CODES[rule.state]
    for since, until, is_certain in _spans(rule, calendar, of_day):
        begin = day * MINUTES_OF_DAY
        shift = of_day * MINUTES_OF_DAY
        start, end = max(shift + since, begin), min(shift + until, begin + MINUTES_OF_DAY)
        if start >= end:
            continue
        if is_certain:
            states[start:end] = bytes([code]) * (end - start)
        elif code != CLOSED:
            states[start:end] = states[start:end].translate(_CLOSED_AS_UNKNOWN)


def _spans(rule: Rule, calendar: Calendar, of_day: int) -> Iterator[tuple[int, int, bool]]:
    """Yield start and end in minutes of the day, and whether the rule's state is certain; open ends come first."""
    if not rule.spans:
        yield 0, MINUTES_OF_DAY, True
        return
    needs_sun = any(span.depends_on_sun for span in rule.spans)
    minutes = [(span, *span.minutes(calendar.sun[of_day] if needs_sun else {})) for span in rule.spans]
    for span, _, until in minutes:
        if span.open_end:
            yield until, _latest_closing(until), False
    for _, since, until in minutes:
        yield since, until, True


def _latest_closing(minute: int) -> int:
    """Return when hours with an open end since a minute count as closed."""
    day, minute_of_day = divmod(minute, MINUTES_OF_DAY)
    if minute_of_day >= _NIGHT:
        return min(minute + _NIGHT_MINUTES, LAST_MINUTE)
    if minute_of_day >= _EVENING:
        return min(minute + _EVENING_MINUTES, LAST_MINUTE)
    return (day + 1) * MINUTES_OF_DAY
