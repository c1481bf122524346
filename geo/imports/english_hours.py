"""Converts opening hours in English, as cities publish them, to OSM syntax."""

import re
from collections.abc import Iterable

_WEEK = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOLIDAYS = "PH"

_NOON = 12 * 60
_DAY_MINUTES = 24 * 60
_LONGEST_FROM_NOON = 16 * 60
"""The longest opening in minutes that starts at noon or later and runs over midnight. "10:00 pm - 7:00 pm" is longer:
its "pm" should be "am"."""

_SPAN = re.compile(r"(?P<since>\d\d:\d\d)-(?P<until>\d\d:\d\d)")
"""A range of times in OSM syntax."""

_DAY = r"(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?s?\b"
_DAYS = rf"(?:{_DAY}(?: ?- ?{_DAY})?|weekdays?|weekends?|daily|every ?day|(?:public )?holidays?)"
_TIME = r"(?:\d\d?(?::\d\d)? ?[ap]m|noon|midnight|dawn|dusk|sunrise|sunset)"
_RANGE = rf"{_TIME} ?- ?{_TIME}"
_AND = r" ?(?:,|&|and) ?"
_LINE = re.compile(
    rf"(?:open )?(?:(?P<days>{_DAYS}(?:{_AND}{_DAYS})*) ?:? ?)?(?:open )?(?:from )?"
    rf"(?P<hours>closed|24 hours|{_RANGE}(?:{_AND}{_RANGE})*)(?P<daily> (?:daily|every ?day))?(?:[ ;,.]+|$)"
)
_DAYS_TOKEN = re.compile(_DAYS)
_TIME_PARTS = re.compile(r"(?P<hour>\d\d?)(?::(?P<minute>\d\d))? ?(?P<half>[ap])m")
_TO = re.compile(r"\s*(?:[\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}]|\b(?:to|through|thru|until|till?)\b)\s*")
_SUN = {"dawn": "sunrise", "dusk": "sunset", "sunrise": "sunrise", "sunset": "sunset"}
"""Dusk is not defined in such texts; at sunset a place that closes at dusk is open for certain."""


def opening_hours(text: str) -> str | None:
    """Convert hours in English to OSM syntax.

    Reads ranges of hours with am and pm ("8am-4pm", "6:30 a.m. to midnight", "7am - dusk") for every day, or after days
    ("Monday: 10:00 am - 6:00 pm", "Monday to Friday: ...; Saturday & holidays: ...", "Sunday: Closed", "Everyday ..."),
    on lines of their own or joined; and "24 hours". Days that are not named are closed. Dawn and dusk are taken as
    sunrise and sunset.

    Returns:
        None if anything else is said ("8am-4pm, open later seasonally"), if half of the day is missing ("8-4"), or if
        the text contradicts itself: a day is named twice, ranges overlap, or one starts at noon or later, runs over
        midnight and lasts more than 16 hours. The text is then a note for people.
    """
    written = _plain(text)
    week: dict[str, str] = {}
    position = 0
    while position < len(written):
        line = _LINE.match(written, position)
        if line is None or (line["days"] and line["daily"]):
            return None
        hours = _osm_hours(line["hours"])
        days = _osm_days(line["days"]) if line["days"] else [*_WEEK]
        if hours is None or any(day in week for day in days) or len(set(days)) < len(days):
            return None
        week |= dict.fromkeys(days, hours)
        position = line.end()
    if not any(day in week for day in _WEEK) or (set(week.values()) == {"off"} and not week.keys() >= set(_WEEK)):
        return None  # the hours of the other days are not given
    return _osm_text(week)


def _plain(text: str) -> str:
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text.lower())
    text = re.sub(r"\b12 (noon|midnight)\b", r"\1", text)
    return " ".join(_TO.sub("-", text).split())


def _osm_days(written: str) -> list[str]:
    days: list[str] = []
    for found in _DAYS_TOKEN.findall(written):
        match found.rstrip("s").replace(" ", ""):
            case "daily" | "everyday":
                days += _WEEK
            case "weekday":
                days += _WEEK[:5]
            case "weekend":
                days += _WEEK[5:]
            case "holiday" | "publicholiday":
                days.append(_HOLIDAYS)
            case _:
                first, last = (_WEEK.index(part.strip()[:2].capitalize()) for part in (found.split("-") * 2)[:2])
                days += (_WEEK * 2)[first : (last if last >= first else last + len(_WEEK)) + 1]
    return days


def _osm_hours(written: str) -> str | None:
    """Return times in OSM syntax, ``off``, or ``24/7``; None if they contradict themselves."""
    if written == "closed":
        return "off"
    if written == "24 hours":
        return "00:00-24:00"
    ranges, last_end = [], 0
    for found in re.findall(_RANGE, written):
        bounds = [_minute(part.strip()) for part in found.split("-")]
        since, until = bounds
        if since is None or until is None:
            return None
        if isinstance(since, int) and isinstance(until, int):
            end = until if until > since else until + _DAY_MINUTES
            is_too_long = since >= _NOON and end > _DAY_MINUTES and end - since > _LONGEST_FROM_NOON
            if since == until or is_too_long or since < last_end:
                return None
            last_end = end
        ranges.append(f"{_osm_time(since)}-{_osm_time(until or _DAY_MINUTES)}")
    return ",".join(ranges)


def _minute(written: str) -> int | str | None:
    """Return the minute of the day, an event of the sun, or None for no time ("13 pm")."""
    if written in _SUN:
        return _SUN[written]
    if written in {"noon", "midnight"}:
        return _NOON if written == "noon" else 0
    parts = _TIME_PARTS.fullmatch(written)
    if parts is None:
        return None
    hour, minute = int(parts["hour"]), int(parts["minute"] or 0)
    if not (1 <= hour <= 12 and minute < 60):
        return None
    return hour % 12 * 60 + minute + (_NOON if parts["half"] == "p" else 0)


def _osm_time(time: int | str) -> str:
    return time if isinstance(time, str) else f"{time // 60:02}:{time % 60:02}"


def _osm_text(week: dict[str, str]) -> str:
    """Return one rule for the days of each hours; that of holidays comes last, because it replaces the others."""
    days_of: dict[str, list[str]] = {}
    for day in (*_WEEK, _HOLIDAYS):
        if day in week:
            days_of.setdefault(week[day], []).append(day)
    if len(days_of) == 1 and len(week) >= len(_WEEK):
        hours = next(iter(days_of))
        return {"00:00-24:00": "24/7"}.get(hours, hours)
    rules = sorted(days_of.items(), key=lambda rule: _HOLIDAYS in rule[1])
    if not any(span["until"] <= span["since"] for hours in days_of for span in _SPAN.finditer(hours)):
        return "; ".join(f"{_day_list(days)} {hours}" for hours, days in rules)
    # A rule after ";" would end the night before its day; days without hours are closed anyway.
    weekdays = [([day for day in days if day != _HOLIDAYS], hours) for hours, days in rules if hours != "off"]
    text = ", ".join(f"{_day_list(days)} {hours}" for days, hours in weekdays if days)
    return f"{text}; {_HOLIDAYS} {week[_HOLIDAYS]}" if _HOLIDAYS in week else text


def _day_list(days: Iterable[str]) -> str:
    """Return days in the order of the week as OSM writes them: ``Mo-Fr,Su``."""
    runs: list[list[str]] = []
    for day in days:
        if runs and day in _WEEK and _WEEK.index(day) == _WEEK.index(runs[-1][-1]) + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    # Two days in a row are a list, three a range.
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(run) for run in runs)
