"""Splits normalised ``opening_hours`` texts into rules: on which days, at which times, in which state."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from geo.facilities.hours_syntax import SUN_EVENT

HoursState = Literal["open", "unknown", "closed"]

MINUTES_OF_DAY = 1_440
LAST_MINUTE = 2 * MINUTES_OF_DAY
"""The latest end of a span, in minutes since the start of its day: ``48:00``."""

_RULE = re.compile(r'(?P<scope>.*?)(?:^| )?(?P<word>\b(?:open|off|closed|unknown))? ?(?P<comment>"\?")?', re.IGNORECASE)
_WEEKDAYS = re.compile(r"(?:Mo|Tu|We|Th|Fr|Sa|Su|[-,])*", re.IGNORECASE)
_TIME = rf"(?:\d?\d:\d\d|{SUN_EVENT}|\({SUN_EVENT} ?[-+] ?\d?\d:\d\d\))"
_SPAN = re.compile(rf"(?P<since>{_TIME})(?: ?- ?(?P<until>{_TIME}))?(?P<open_end>\+)?", re.IGNORECASE)
_FIRST_TIME = re.compile(rf"\d?\d:\d\d|\(?{SUN_EVENT}", re.IGNORECASE)
_PARTS_OF_TIME = re.compile(
    rf"\(?(?P<event>{SUN_EVENT})?(?: ?(?P<sign>[-+]) ?)?(?:(?P<hours>\d?\d):(?P<minutes>\d\d))?\)?", re.IGNORECASE
)

_EARLIEST = {"dawn": 180, "sunrise": 180, "sunset": 900, "dusk": 900}
_LATEST = {"dawn": 600, "sunrise": 600, "sunset": 1_320, "dusk": 1_320}
"""Minutes of the day between which the sun rises and sets where most people live: 3:00-10:00 and 15:00-22:00.

They decide whether a span crosses midnight: ``sunset-sunrise`` does, ``18:00-sunset`` does not, but is empty in winter.
"""


@dataclass(frozen=True)
class Time:
    """A time of day: minutes since midnight, or since an event of the sun."""

    minutes: int
    event: str | None = None


@dataclass(frozen=True)
class TimeSpan:
    """A span of time on each day of a rule; ``until`` is None for ``17:00+``."""

    since: Time
    until: Time | None
    open_end: bool

    def minutes(self, sun: Mapping[str, int]) -> tuple[int, int]:
        """Return start and end on a day, in minutes since its start; the end is not after the start if it is empty.

        Args:
            sun: the minute of each event of the sun on this day.
        """
        since = max(_minute(self.since, sun), 0)
        if self.until is None:
            return since, since
        until = _minute(self.until, sun)
        if self._crosses_midnight:
            until += MINUTES_OF_DAY
        return since, min(until, LAST_MINUTE)

    @property
    def depends_on_sun(self) -> bool:
        """Whether it starts or ends with an event of the sun."""
        return bool(self.since.event or (self.until and self.until.event))

    @property
    def _crosses_midnight(self) -> bool:
        if self.until is None or _minute(self.until, _LATEST) > MINUTES_OF_DAY:
            return False
        since, until = _minute(self.since, _EARLIEST), _minute(self.until, _LATEST)
        return until < since or (until == since and not self.since.event and not self.until.event)


@dataclass(frozen=True)
class Rule:
    """A rule of a text.

    Attributes:
        days: the selector of its days; empty means every day.
        spans: its times; empty means the whole day.
        additional: whether it adds to the rules before it on the same day, and does not replace them.
    """

    days: str
    spans: tuple[TimeSpan, ...]
    state: HoursState
    additional: bool

    @cached_property
    def closes_special_days(self) -> bool:
        """Whether it closes days other than weekdays: ``PH off``, ``Dec 25 off``."""
        return self.state == "closed" and not self.spans and not _WEEKDAYS.fullmatch(self.days)

    @cached_property
    def leaves_special_days_closed(self) -> bool:
        """Whether special days that earlier rules close stay closed: ``PH off; Mo-Su``, which opens without times.

        The specification lets the later rule replace the earlier one, which would then never apply. opening_hours.js
        warns that such a rule is not explicit.
        """
        return self.state == "open" and not self.spans and bool(self.days) and bool(_WEEKDAYS.fullmatch(self.days))


def rules_of(alternative: str) -> list[Rule] | None:
    """Split the rules of a normalised text without ``||``.

    Returns:
        None if the times contain more than spans. ``10:00-16:00/01:30`` lists points in time, not hours.
    """
    rules = []
    for separator, text in _texts(alternative):
        rule = _rule(text, additional=separator == ",")
        if rule is None:
            return None
        rules.append(rule)
    return rules


def _texts(alternative: str) -> Iterator[tuple[str, str]]:
    """Yield each rule with the separator before it: ``,`` or ``;``."""
    separator = ";"
    for part in re.split(r"( ?; ?|, )", alternative):
        if part.strip() in {";", ","}:
            separator = part.strip()
        else:
            yield separator, part


def _rule(text: str, *, additional: bool) -> Rule | None:
    matched = _RULE.fullmatch(text)
    if matched is None:
        return None
    scope = matched["scope"]
    first_time = _FIRST_TIME.search(scope)
    days, times = (scope[: first_time.start()], scope[first_time.start() :]) if first_time else (scope, "")
    spans = []
    for written in times.strip().split(",") if times else ():
        span = _SPAN.fullmatch(written)
        if span is None or not (span["until"] or span["open_end"]):
            return None
        until = _time(span["until"]) if span["until"] else None
        spans.append(TimeSpan(_time(span["since"]), until, bool(span["open_end"])))
    days = days.strip(" :")
    return Rule("" if days == "24/7" else days, tuple(spans), _state(matched["word"], matched["comment"]), additional)


def _state(word: str | None, comment: str | None) -> HoursState:
    """Open with a comment is unknown: the comment may be a condition."""
    word = (word or "open").lower()
    if word in {"off", "closed"}:
        return "closed"
    return "unknown" if comment or word == "unknown" else "open"


def _time(written: str) -> Time:
    parts = _PARTS_OF_TIME.fullmatch(written)
    assert parts is not None  # noqa: S101 - for mypy: each time of a span has these parts
    minutes = int(parts["hours"] or 0) * 60 + int(parts["minutes"] or 0)
    return Time(-minutes if parts["sign"] == "-" else minutes, parts["event"] and parts["event"].lower())


def _minute(time: Time, sun: Mapping[str, int]) -> int:
    return time.minutes + (sun[time.event] if time.event else 0)
