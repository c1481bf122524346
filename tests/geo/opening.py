"""Opening hours compiled for one place, and their state at one instant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from geo.coordinates import Point
from geo.facilities.hours import COMPILED_AHEAD, CompiledHours, TimeRange, compile_hours

HELSINKI = Point(24.94, 60.17)
NEW_YORK = Point(-74.0, 40.71)
LORD_HOWE = Point(159.08, -31.55)

ZONES = {
    HELSINKI: ZoneInfo("Europe/Helsinki"),
    NEW_YORK: ZoneInfo("America/New_York"),
    LORD_HOWE: ZoneInfo("Australia/Lord_Howe"),
}

MONDAY = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
WINDOW_START = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW_END = WINDOW_START + COMPILED_AHEAD
ALWAYS = ((None, None),)


def contains(ranges: tuple[TimeRange, ...], instant: datetime) -> bool:
    return any((not s or s <= instant) and (not e or instant < e) for s, e in ranges)


def state_at(compiled: CompiledHours, instant: datetime) -> str:
    if contains(compiled.open_during, instant):
        return "open"
    return "unknown" if contains(compiled.unknown_during, instant) else "closed"


def compiled(text: str, location: Point = HELSINKI, as_of: datetime = MONDAY) -> CompiledHours:
    hours = compile_hours(text, location, as_of)
    assert hours is not None
    return hours


def state(text: str, local: str, location: Point = HELSINKI, as_of: datetime = MONDAY) -> str:
    instant = datetime.fromisoformat(local).replace(tzinfo=ZONES[location])
    return state_at(compiled(text, location, as_of), instant.astimezone(UTC))


def states(text: str, *local: str, location: Point = HELSINKI, as_of: datetime = MONDAY) -> list[str]:
    return [state(text, instant, location, as_of) for instant in local]


TEXTS = [
    "24/7",
    "Mo-Fr 08:00-18:00; PH off",
    "Mo-Sa 09:00-13:00,14:30-19:00; Su,PH 10:00-12:00",
    "22:00-02:00",
    "Mo-Su 06:00-26:00",
    "sunrise-sunset",
    "(sunrise+01:00)-(sunset-00:30); We off",
    'Mo-Fr 08:00-12:00 "ask", Mo-Fr 12:00-18:00',
    "Mo-Fr 08:00-18:00 unknown",
    "Apr-Nov 08:00-20:00; Dec-Mar 09:00-16:00",
    "week 1-53/2 Mo 08:00-12:00",
    "Su[1] 10:00-12:00",
    "easter off",
    "24/7; Dec 25 off",
]
