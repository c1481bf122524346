"""Compiles OSM ``opening_hours`` texts to ranges of time that SQL can query for an instant.

Syntax: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification. What the text does not specify is unknown,
not guessed: a comment ("ask at the bar") may be a condition, school holidays are in no available calendar, and an open
end (``17:00+``) does not specify when the place closes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, cached_property, lru_cache, partial
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State, validate

from geo.coordinates import Point
from geo.facilities.hours_syntax import (
    OF_THIS_PLACE_ALONE,
    OPEN_END,
    PUBLIC_HOLIDAYS,
    SCHOOL_HOLIDAYS,
    normalised,
    on_daily_holidays,
)
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

_UTC_ZONE = ZoneInfo("UTC")
"""The library accepts only ZoneInfo as tzinfo."""

_HoursState = Literal["open", "unknown", "closed"]
_STATES: dict[State, _HoursState] = {
    State.OPEN: "open",
    State.UNKNOWN: "unknown",
    State.CLOSED: "closed",
}
_Span = tuple[datetime, datetime, _HoursState]
_Read = Callable[[str], OpeningHours]
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
_CONSTANT: dict[_HoursState, CompiledHours] = {
    "open": CompiledHours(_ALWAYS, ()),
    "unknown": CompiledHours((), _ALWAYS),
    "closed": CompiledHours((), ()),
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
        return _CONSTANT["open"]
    start = datetime.combine(as_of.astimezone(UTC).date(), time(), tzinfo=_UTC_ZONE)
    lon = min(max(location.lon, -_ZONE_MAP_LON_MAX), _ZONE_MAP_LON_MAX)
    lat = min(max(location.lat, -_ZONE_MAP_LAT_MAX), _ZONE_MAP_LAT_MAX)
    zone = _time_zone(_zone_key(lon, lat, start))
    if OF_THIS_PLACE_ALONE.search(text):
        return _compile(text, start, partial(OpeningHours, timezone=zone, coords=(lat, lon)))
    holidays = _holidays(lon, lat, zone, start) if PUBLIC_HOLIDAYS.search(text) else None
    first = _first_places(start).setdefault((_clock(zone, start), holidays), (zone, lon, lat))
    return _compile_at(text, start, *first)


def multirange(ranges: tuple[TimeRange, ...]) -> str:
    """Format ranges as a PostgreSQL ``tstzmultirange`` literal."""
    return "{" + ",".join(f"[{_bound(start)},{_bound(end)})" for start, end in ranges) + "}"


def _bound(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


@cache
def _time_zone(key: str) -> ZoneInfo:
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
    return _compile(text, start, partial(OpeningHours, timezone=zone, coords=(lat, lon)))


def _compile(text: str, start: datetime, read: _Read) -> CompiledHours | None:
    """Compile a normalised text."""
    rules = text.split(" || ")
    if not all(rule and validate(rule) for rule in rules):  # a blank rule would be valid, and always open
        return None
    if SCHOOL_HOLIDAYS.search(text):
        return _CONSTANT["unknown"]
    try:
        return _compile_rules(rules, start, read)
    except BaseException as failure:
        if type(failure).__name__ == "PanicException":  # a bug of the library; it derives only from BaseException
            return None
        raise


def _compile_rules(rules: list[str], start: datetime, read: _Read) -> CompiledHours:
    first, *fallbacks = rules
    if OPEN_END.search(first):
        spans = list(_spans(read(first), start - timedelta(days=1), start))  # last night may not be over yet
        spans = [*_without_late_hours(spans), *_late_hours(spans)]
    else:
        spans = list(_spans(read(first), start, start))
        if not fallbacks and len(spans) == 1 and _is_constant(first, start, read, spans[0][2]):
            return _CONSTANT[spans[0][2]]
    for fallback in fallbacks:
        spans += _as_unknown(_spans(read(fallback), start, start))
    return _ranges(spans, start)


def _is_constant(rule: str, start: datetime, read: _Read, state: _HoursState) -> bool:
    """Return whether a state that lasts for the compiled weeks lasts forever, whichever days are public holidays."""
    on_holidays = on_daily_holidays(rule)
    return (
        on_holidays is not None
        and validate(on_holidays)
        and [span[2] for span in _spans(read(on_holidays), start, start)] == [state]
    )


def _spans(hours: OpeningHours, since: datetime, start: datetime) -> Iterator[_Span]:
    """Yield the states until COMPILED_AHEAD of the start, without a gap, in local time.

    Open with a comment is unknown: OSM defines it so for a rule with only a comment, and the library does not
    distinguish that from a rule that also has ``open``.
    """
    for begin, end, state, comment in hours.intervals(since, start + COMPILED_AHEAD):
        yield begin, end, "unknown" if state == State.OPEN and comment else _STATES[state]


def _as_unknown(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Turn open states after ``||`` into unknown: they mean "by appointment", and readers differ about their scope."""
    for since, until, state in spans:
        yield since, until, "closed" if state == "closed" else "unknown"


def _without_late_hours(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Remove the library's interpretation of ``17:00+``: open until midnight."""
    for since, until, state in spans:
        yield since, until, "closed" if state == "open" and _is_midnight(until) else state


def _late_hours(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Yield when hours with an open end may be open: from 17:00 on for ``17:00+`` and for ``14:00-17:00+``."""
    for since, until, state in spans:
        if state == "open":
            last_known = since if _is_midnight(until) else until
            yield last_known, _latest_closing(last_known), "unknown"


def _is_midnight(local: datetime) -> bool:
    return local.time() == time()


def _latest_closing(local: datetime) -> datetime:
    """Return when hours with an open end since a local time count as closed.

    The guess of opening_hours.js, OSM's reference: midnight; after 17:00, 10 hours later; after 22:00, 8.
    """
    if local.time() >= time(22):
        return local + timedelta(hours=8)
    if local.time() >= time(17):
        return local + timedelta(hours=10)
    return datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=local.tzinfo)


def _ranges(spans: Iterable[_Span], start: datetime) -> CompiledHours:
    """Combine the states in UTC: open if any span is open, else unknown if any is, or outside the compiled weeks."""
    begin = start.astimezone(UTC)
    end = begin + COMPILED_AHEAD
    edges: list[tuple[datetime, _HoursState, int]] = []
    for since, until, state in spans:
        if state != "closed" and (s := max(since.astimezone(UTC), begin)) < (u := min(until.astimezone(UTC), end)):
            edges += (s, state, 1), (u, state, -1)
    during: dict[_HoursState, list[TimeRange]] = {"open": [], "unknown": []}
    depth: Counter[_HoursState] = Counter()
    for (instant, state, step), (following, *_) in pairwise(sorted(edges)):
        depth[state] += step
        current = next((name for name in during if depth[name]), None)
        if current and instant < following:
            during[current].append((instant, following))
    return CompiledHours(
        _merged(during["open"]),
        _merged([(None, begin), *during["unknown"], (end, None)]),
    )


def _merged(ranges: list[TimeRange]) -> tuple[TimeRange, ...]:
    """Merge sorted ranges that overlap or are adjacent."""
    merged: list[TimeRange] = []
    for start, end in ranges:
        if merged and (last := merged[-1][1]) and start and start <= last:
            merged[-1] = (merged[-1][0], end and max(last, end))
        else:
            merged.append((start, end))
    return tuple(merged)
