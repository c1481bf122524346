"""Compiles OSM ``opening_hours`` texts to ranges of time that SQL can query for an instant.

Syntax: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification. What the text does not specify is unknown,
not guessed: a comment ("ask at the bar") may be a condition, school holidays are in no available calendar, and an open
end (``17:00+``) does not specify when the place closes.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from opening_hours import (  # type: ignore[attr-defined]  # the stubs lack ParserError
    OpeningHours,
    ParserError,
    State,
    validate,
)

from geo.coordinates import Point
from geo.facilities.hours_calendar import Calendar
from geo.facilities.hours_rules import Rule, rules_of
from geo.facilities.hours_syntax import OF_THIS_PLACE_ALONE, PUBLIC_HOLIDAYS, normalised, repeats_weekly
from geo.facilities.hours_timeline import CLOSED, OPEN, UNKNOWN, timeline
from geo.facilities.models import MAX_CHARACTERS

COMPILED_AHEAD = timedelta(days=35)
"""How far ahead hours are compiled: a month, and four days in which nightly runs may fail."""

TimeRange = tuple[datetime | None, datetime | None]
"""A half-open range [start, end) of instants in UTC; None is unbounded."""

_ZONE_MAP_LON_MAX = 179.999
_ZONE_MAP_LAT_MAX = 89.9
"""Maximum latitude for time zones: at the poles and on the antimeridian the library has none and logs to stderr."""

_CACHED_TEXTS = 2048
"""Number of cached compiled texts, each for one place: about 27 kB each, 55 MB in total."""

_CACHED_DAYS = 2
"""Days for which places are cached: an import that runs past midnight still compiles for a single day."""

_CACHED_CLOCKS = 1024
"""Number of cached clocks of time zones: twice the number of zones."""

_CLOCK_STEP = timedelta(minutes=15)
"""Clock changes happen at quarters of an hour in UTC."""

_DAY = timedelta(days=1)
_DAYS_BEFORE = 2
"""Local days to evaluate before the first in UTC: in the west the day before has not ended, and its night began on the
day before that."""
_CALENDAR_DAYS = _DAYS_BEFORE + COMPILED_AHEAD // _DAY + 2
"""Local days to evaluate: in the east the last day in UTC ends on the next."""

_SAME_STATES = re.compile(rb"(.)\1*", re.DOTALL)

_UTC_ZONE = ZoneInfo("UTC")
"""The library accepts only ZoneInfo as tzinfo."""

_Clock = tuple[tuple[datetime, timedelta | None], ...]
_Holidays = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True)
class CompiledHours:
    """When a place is open and when its state is unknown; at any other time it is closed.

    The state outside the compiled weeks is unknown. Ranges are sorted, disjoint and not adjacent.
    """

    open_during: tuple[TimeRange, ...]
    unknown_during: tuple[TimeRange, ...]

    @cached_property
    def multiranges(self) -> tuple[str, str]:
        """Both as PostgreSQL's ``tstzmultirange`` literals, cached."""
        return multirange(self.open_during), multirange(self.unknown_during)


_ALWAYS: tuple[TimeRange, ...] = ((None, None),)
_CONSTANT: dict[int, CompiledHours] = {
    OPEN: CompiledHours(_ALWAYS, ()),
    UNKNOWN: CompiledHours((), _ALWAYS),
    CLOSED: CompiledHours((), ()),
}


def compile_hours(text: str, location: Point, as_of: datetime) -> CompiledHours | None:
    """Compile hours for COMPILED_AHEAD from the start of a day.

    Public holidays are those of the country. Without a calendar of them they count as ordinary days, which is wrong on
    a few days a year.

    Args:
        text: a text, in OSM syntax or not.
        location: determines the time zone, the country and the position of the sun.
        as_of: an aware datetime of the first day (UTC) to compile.

    Returns:
        None if the text is blank, longer than MAX_CHARACTERS or not in OSM syntax: it is then a note for people, and
        the hours are unknown.
    """
    if len(text) > MAX_CHARACTERS["opening_hours"]:
        return None
    text = normalised(text)
    if text == "24/7":  # half of all texts, and the same everywhere
        return _CONSTANT[OPEN]
    start = datetime.combine(as_of.astimezone(UTC).date(), time(), tzinfo=_UTC_ZONE)
    zone = time_zone(location, start)
    lon, lat = _on_zone_map(location)
    if OF_THIS_PLACE_ALONE.search(text):
        return _compile(text, start, zone, lon, lat)
    holidays = _holidays(lon, lat, zone, start) if PUBLIC_HOLIDAYS.search(text) else None
    first = _first_places(start).setdefault((_clock(zone, start), holidays), (zone, lon, lat))
    return _compile_at(text, start, *first)


def is_in_syntax(text: str) -> bool:
    """Return whether a text is in OSM syntax, without compiling it."""
    if len(text) > MAX_CHARACTERS["opening_hours"]:
        return False
    text = normalised(text)
    return text == "24/7" or _alternatives(text) is not None


def time_zone(location: Point, as_of: datetime) -> ZoneInfo:
    """Return the time zone of a place.

    Args:
        location: the place.
        as_of: any aware datetime, which the library asks for.
    """
    return _cached_zone(_zone_key(*_on_zone_map(location), as_of.astimezone(_UTC_ZONE)))


def _on_zone_map(location: Point) -> tuple[float, float]:
    lon = min(max(location.lon, -_ZONE_MAP_LON_MAX), _ZONE_MAP_LON_MAX)
    lat = min(max(location.lat, -_ZONE_MAP_LAT_MAX), _ZONE_MAP_LAT_MAX)
    return lon, lat


def multirange(ranges: tuple[TimeRange, ...]) -> str:
    """Format ranges as a PostgreSQL ``tstzmultirange`` literal."""
    return "{" + ",".join(f"[{_bound(start)},{_bound(end)})" for start, end in ranges) + "}"


def _bound(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


@cache
def _cached_zone(key: str) -> ZoneInfo:
    """Return a cached zone: zoneinfo itself caches only eight, and an import of the world needs hundreds."""
    return ZoneInfo(key)


def _zone_key(lon: float, lat: float, start: datetime) -> str:
    """Return the name of the time zone, without looking up the country, which takes three times as long."""
    always = OpeningHours("24/7", coords=(lat, lon), auto_country=False)
    return str(next(always.intervals(start))[0].tzinfo)


@lru_cache(maxsize=_CACHED_CLOCKS)
def _clock(zone: ZoneInfo, start: datetime) -> _Clock:
    """Return the changes of the zone's UTC offset, from a day before the compiled weeks to a day after."""
    day = timedelta(days=1)
    days = [(start + n * day).astimezone(UTC) for n in range(-1, COMPILED_AHEAD // day + 2)]
    instants = [days[0]]
    for before, after in pairwise(days):
        if _offset(before, zone) != _offset(after, zone):
            instants += (before + n * _CLOCK_STEP for n in range(1, day // _CLOCK_STEP + 1))
    changes = [(instants[0], _offset(instants[0], zone))]
    changes += (
        (at, _offset(at, zone)) for before, at in pairwise(instants) if _offset(before, zone) != _offset(at, zone)
    )
    return tuple(changes)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def _holidays(lon: float, lat: float, zone: ZoneInfo, start: datetime) -> _Holidays:
    """Return the public holidays in the compiled weeks, a day before and a day after."""
    hours = OpeningHours("PH", timezone=zone, coords=(lat, lon))
    day = timedelta(days=1)
    spans = hours.intervals(start - day, start + COMPILED_AHEAD + day)
    return tuple((begin, end) for begin, end, state, _ in spans if state == State.OPEN)


@lru_cache(maxsize=_CACHED_DAYS)
def _first_places(_start: datetime) -> dict[tuple[_Clock, _Holidays | None], tuple[ZoneInfo, float, float]]:
    """Return the first place for each clock and calendar: all others like it compile to the same."""
    return {}


@lru_cache(maxsize=_CACHED_TEXTS)
def _compile_at(text: str, start: datetime, zone: ZoneInfo, lon: float, lat: float) -> CompiledHours | None:
    return _compile(text, start, zone, lon, lat)


def _compile(text: str, start: datetime, zone: ZoneInfo, lon: float, lat: float) -> CompiledHours | None:
    """Compile a normalised text."""
    alternatives = _alternatives(text)
    if alternatives is None:
        return None
    calendar = Calendar(start.date() - _DAYS_BEFORE * _DAY, _CALENDAR_DAYS, zone, lon, lat)
    try:
        states = timeline(alternatives, calendar)
        constant = _constant_state(states, alternatives, calendar) if repeats_weekly(text) else None
    except ParserError:  # a selector that is valid only together with the rest of its rule
        return None
    except BaseException as failure:
        if type(failure).__name__ == "PanicException":  # a bug of the library; it derives only from BaseException
            return None
        raise
    return _CONSTANT[constant] if constant else _ranges(states, calendar, start)


def _alternatives(text: str) -> list[list[Rule]] | None:
    """Return the rules of each alternative; None if one has no valid syntax."""
    alternatives = []
    for alternative in text.split(" || "):
        # A blank text would be valid, and always open.
        rules = rules_of(alternative) if alternative and validate(alternative) else None
        if rules is None:
            return None
        alternatives.append(rules)
    return alternatives


def _constant_state(states: bytes, alternatives: list[list[Rule]], calendar: Calendar) -> int | None:
    """Return the state that lasts forever, whichever days are public holidays; None if it may change."""
    state = states[0]
    if states.count(state) < len(states):
        return None
    on_holidays = timeline(alternatives, replace(calendar, has_daily_holidays=True))
    return state if on_holidays == states else None


def _ranges(states: bytes, calendar: Calendar, start: datetime) -> CompiledHours:
    """Convert the states of local minutes to ranges in UTC. What is outside the compiled weeks is unknown."""
    begin = start.astimezone(UTC)
    end = begin + COMPILED_AHEAD
    midnight = datetime.combine(calendar.first, time())
    latest = begin
    during: dict[int, list[TimeRange]] = {OPEN: [], UNKNOWN: [(None, begin)]}
    for run in _SAME_STATES.finditer(states):
        since, until = (
            (midnight + timedelta(minutes=minute)).replace(tzinfo=calendar.zone).astimezone(UTC)
            for minute in run.span()
        )
        # Times that a clock skips are an hour late, and must not overlap those after them.
        since, latest = max(since, latest), max(min(until, end), latest)
        if since < latest and (ranges := during.get(run[0][0])) is not None:
            ranges.append((since, latest))
    during[UNKNOWN].append((end, None))
    return CompiledHours(_merged(during[OPEN]), _merged(during[UNKNOWN]))


def _merged(ranges: list[TimeRange]) -> tuple[TimeRange, ...]:
    """Merge sorted ranges that overlap or are adjacent."""
    merged: list[TimeRange] = []
    for start, end in ranges:
        if merged and (last := merged[-1][1]) and start and start <= last:
            merged[-1] = (merged[-1][0], end and max(last, end))
        else:
            merged.append((start, end))
    return tuple(merged)
