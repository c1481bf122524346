"""Compares the states of places in five-minute slots with those of opening_hours.js."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from zoneinfo import TZPATH

from geo.coordinates import Point
from geo.facilities.hours import COMPILED_AHEAD, CompiledHours, TimeRange, compile_hours, time_zone

NODE_PROJECT = Path(__file__).parents[2] / ".node"
"""Where `make .node/node_modules/opening_hours` installs the reference."""

SLOT = timedelta(minutes=5)
SLOTS = COMPILED_AHEAD // SLOT

LEFT_OUT = {
    "SH": re.compile(r"\bSH\b", re.IGNORECASE),
    "||": re.compile(r"\|\|"),
    "comment": re.compile(r'"'),
    "open end": re.compile(r"(?<!\d{4})\+(?!\s*\d)"),
}
"""Texts whose states are unknown here more often than in the reference, on purpose."""


@dataclass(frozen=True)
class Place:
    """Where a text applies."""

    text: str
    location: Point


@dataclass(frozen=True)
class Comparison:
    """How a text compares with the reference.

    Attributes:
        left_out: why it does not count; None if it does.
        differing: the numbers of the slots, out of SLOTS, with another state.
        is_note: whether the text is a note here.
    """

    place: Place
    left_out: str | None
    differing: tuple[int, ...] = ()
    is_note: bool = False


def missing() -> str | None:
    """Return what the reference lacks to run, and how to get it."""
    if shutil.which("node") is None:
        return "node is missing: install Node.js, version 14 or later"
    if not (NODE_PROJECT / "node_modules" / "opening_hours").exists():
        return "opening_hours.js is missing: run make .node/node_modules/opening_hours, which needs npm"
    return None


def agreement(compared: Sequence[Comparison]) -> float:
    """Return the share of the slots that agree."""
    return 1 - sum(len(one.differing) for one in compared) / (len(compared) * SLOTS)


def compare(places: Iterable[Place], as_of: datetime) -> list[Comparison]:
    """Compare each place for COMPILED_AHEAD from the start of the day in UTC."""
    start = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    zones = sorted(((time_zone(place.location, start).key, place) for place in places), key=lambda pair: pair[0])
    compared = []
    for zone, pairs in groupby(zones, key=lambda pair: pair[0]):
        asked = [place for _, place in pairs]
        for place, answer in zip(asked, _ask(zone, asked, start), strict=True):
            compared.append(_compared(place, answer, start))
    return compared


def _ask(zone: str, places: Sequence[Place], start: datetime) -> list[dict[str, object]]:
    window = {"start": _milliseconds(start), "end": _milliseconds(start + COMPILED_AHEAD)}
    questions = [
        {"text": p.text, "lon": p.location.lon, "lat": p.location.lat, "country": _countries().get(zone, ""), **window}
        for p in places
    ]
    done = subprocess.run(  # noqa: S603 - no shell, and every word is ours
        ["node", "--eval", files(__package__).joinpath("reference.js").read_text()],  # noqa: S607 - as installed
        input=json.dumps(questions),
        cwd=NODE_PROJECT,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000)


@cache
def _countries() -> dict[str, str]:
    """Return the country of each time zone, for the reference's public holidays."""
    tables = [table for path in TZPATH if (table := Path(path, "zone.tab")).exists()]
    lines = tables[0].read_text(encoding="utf-8").splitlines() if tables else []
    return {fields[2]: fields[0].lower() for line in lines if not line.startswith("#") and (fields := line.split("\t"))}


def _compared(place: Place, answer: dict[str, object], start: datetime) -> Comparison:
    reason = next((reason for reason, pattern in LEFT_OUT.items() if pattern.search(place.text)), None)
    if "error" in answer:
        return Comparison(place, "the reference refuses")
    if answer["warnings"]:
        return Comparison(place, "the reference warns")
    hours = compile_hours(place.text, place.location, start)
    theirs = _states({"open": answer["open"], "unknown": answer["unknown"]}, start)
    ours = _own_states(hours, start)
    differing = (
        slot
        for slot, (one, other) in enumerate(zip(ours, theirs, strict=True))
        if one != other and not (reason and "closed" not in {one, other})
    )
    return Comparison(place, reason, tuple(differing), is_note=hours is None)


def _own_states(hours: CompiledHours | None, start: datetime) -> list[str]:
    if hours is None:
        return ["unknown"] * SLOTS
    return _states(
        {"open": _bounded(hours.open_during, start), "unknown": _bounded(hours.unknown_during, start)}, start
    )


def _bounded(ranges: tuple[TimeRange, ...], start: datetime) -> list[tuple[int, int]]:
    end = start + COMPILED_AHEAD
    return [(_milliseconds(since or start), _milliseconds(until or end)) for since, until in ranges]


def _states(ranges: dict[str, object], start: datetime) -> list[str]:
    """Return the state at the middle of each slot: the sun's times differ by a minute between the two."""
    states = ["closed"] * SLOTS
    begin, step = _milliseconds(start), SLOT // timedelta(milliseconds=1)
    for state, spans in ranges.items():
        assert isinstance(spans, list)  # noqa: S101 - for mypy
        for since, until in spans:
            first, last = (-((begin + step // 2 - bound) // step) for bound in (since, until))
            first, last = max(first, 0), min(last, SLOTS)
            states[first:last] = [state] * (last - first)
    return states
