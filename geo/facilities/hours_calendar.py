"""The days of one place on which rules of opening hours depend: dates, holidays, and the sun."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State

from geo.facilities.hours_rules import MINUTES_OF_DAY
from geo.facilities.hours_syntax import on_daily_holidays

NOON = MINUTES_OF_DAY // 2
_DAY = timedelta(days=1)
_UTC_ZONE = ZoneInfo("UTC")
"""The library accepts only ZoneInfo as tzinfo."""

_SUN_SPANS = (("sunrise", "sunset"), ("dawn", "dusk"))


@dataclass(frozen=True)
class Calendar:
    """A number of days of one place, from a first day, by its own clock.

    ``has_daily_holidays`` makes every day a public holiday.
    """

    first: date
    days: int
    zone: ZoneInfo
    lon: float
    lat: float
    has_daily_holidays: bool = False

    def on(self, selector: str) -> bytes:
        """Return 1 for each day that a day selector of OSM's syntax selects, else 0; all for an empty selector.

        Raises:
            ParserError: the selector is invalid.
        """
        if not selector:
            return b"\1" * self.days
        if self.has_daily_holidays:
            selector = on_daily_holidays(selector)
        begin = datetime.combine(self.first, time())
        hours = OpeningHours(f"{selector} 00:00-24:00", coords=(self.lat, self.lon), auto_timezone=False)
        selected = bytearray(self.days)
        for since, until, state, _ in hours.intervals(begin, begin + self.days * _DAY):
            if state == State.OPEN:
                since_day, until_day = (since - begin) // _DAY, (until - begin) // _DAY
                selected[since_day:until_day] = b"\1" * (until_day - since_day)
        return bytes(selected)

    @cached_property
    def sun(self) -> list[Mapping[str, int]]:
        """Minutes of dawn, sunrise, sunset and dusk for each day since its start; sunset may be after midnight.

        Where the sun does not set it rises at 0:00 and sets at 24:00; where it does not rise, both are at noon.
        """
        events: list[dict[str, int]] = [{} for _ in range(self.days)]
        for rise, fall in _SUN_SPANS:
            for number, (since, until) in enumerate(self._sun_spans(f"{rise}-{fall}")):
                events[number] |= {rise: since, fall: until}
        return list(events)

    def _sun_spans(self, span: str) -> list[tuple[int, int]]:
        together = self._open(span, self.first, self.days)
        starts = [self.first + number * _DAY for number in range(self.days)]
        if [since.date() for since, _ in together] == starts:
            return [_minutes(bounds, day) for bounds, day in zip(together, starts, strict=True)]
        spans = []
        for day in starts:  # near a pole the spans of some days are missing or join
            found = self._open(f"{day:%Y %b %d} {span}", day, 2)
            spans.append(_minutes(found[0], day) if found else (NOON, NOON))
        return spans

    def _open(self, text: str, first: date, days: int) -> list[tuple[datetime, datetime]]:
        """Return when a text is open, in local time."""
        hours = OpeningHours(text, timezone=self.zone, coords=(self.lat, self.lon), auto_country=False)
        begin = datetime.combine(first, time(), self.zone)
        spans = hours.intervals(begin.astimezone(_UTC_ZONE), (begin + days * _DAY).astimezone(_UTC_ZONE))
        return [(since, until) for since, until, state, _ in spans if state == State.OPEN]


def _minutes(bounds: tuple[datetime, datetime], day: date) -> tuple[int, int]:
    midnight = datetime.combine(day, time())
    since, until = ((bound.replace(tzinfo=None) - midnight) // timedelta(minutes=1) for bound in bounds)
    return since, until
