"""The rules of docs/hints.md: whether to give a hint, and why, as a function of one situation, without I/O or clock.

The rules are tried in the order of their table; the first that applies decides. ``ask_again.py`` uses the same
constants to determine how long the answer cannot change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from geo.ahead.hints.situation import Situation
from geo.facilities.cards import Card

Reason = Literal[
    "quiet_hours",
    "just_stopped",
    "cooling_down",
    "nothing_near",
    "already_told",
    "comfort_running_out",
    "long_gap_ahead",
    "closing_soon",
    "best_for_a_while",
    "declined",
    "no_need_yet",
    "nothing_better",
]

SPOKEN: tuple[Reason, ...] = ("comfort_running_out", "long_gap_ahead", "closing_soon", "best_for_a_while")
SILENT: tuple[Reason, ...] = (
    "quiet_hours",
    "just_stopped",
    "cooling_down",
    "nothing_near",
    "already_told",
    "declined",
    "no_need_yet",
    "nothing_better",
)

JUST_STOPPED_OF_COMFORT = 0.25
"""Share of the comfort time after a stop without hints."""

COOL_DOWN_S = 1800
"""Minimum time between two hints: people disable hints that come more than twice an hour."""

NEED_OF_COMFORT = 0.5
"""Share of the comfort time after which a good place is worth a hint."""

RUNNING_OUT_OF_COMFORT = 0.75
"""Share of the comfort time after which any acceptable place is worth a hint, unless one as good comes in time; a
quarter is left to act on it."""

CLOSING_S = 1800
"""A place counts as closing soon if it closes within this time after arrival."""

CLEARLY_BETTER_STARS = 0.5
"""Half a star: the smallest difference that star symbols show."""

AHEAD_HALF_ANGLE_DEG = 60
"""Directions that count as ahead without a route: roads seldom deviate more from the heading."""

VALID_S = 900
"""Maximum validity of a hint."""


class Candidate(NamedTuple):
    """A place that may be suggested.

    Attributes:
        card: its card.
        away_m: distance to it, along the route if there is one.
        utility: quality minus its uncertainty and the cost of that distance.
        sure_stars: quality minus its uncertainty.
    """

    card: Card
    away_m: float
    utility: float
    sure_stars: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The places here and ahead for a situation.

    Attributes:
        near: acceptable places within reach, not behind, far aside, or that of the last hint; best first.
        only_last_hint: whether the place of the last hint is the only one within reach.
        near_ends_m: distance of the farthest place within reach; None if there is none.
        beyond_m: distance of the first acceptable place ahead, beyond reach and within the remaining distance; None if
            there is none.
        beyond_stars: the best sure stars (quality minus its uncertainty) of these places.
        in_time_stars: the same, of those that are reached before the comfort time ends.
        looked_m: search distance ahead; None if the way ahead is unknown.
    """

    near: Sequence[Candidate] = ()
    only_last_hint: bool = False
    near_ends_m: float | None = None
    beyond_m: float | None = None
    beyond_stars: float | None = None
    in_time_stars: float | None = None
    looked_m: float | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint or silence.

    Attributes:
        reason: why to give a hint, or why not.
        facility: the suggested stop; None for silence.
        backup: the second-best stop within reach, if there is one.
        gap_m: with ``long_gap_ahead``: minimum distance without another stop.
        closes_in_s: with ``closing_soon``: seconds from now.
        valid_until: when the hint expires.
    """

    reason: Reason
    facility: Candidate | None = None
    backup: Candidate | None = None
    gap_m: float | None = None
    closes_in_s: float | None = None
    valid_until: datetime | None = None

    @property
    def speak(self) -> bool:
        """Whether there is a hint."""
        return self.facility is not None


def gate(situation: Situation, in_s: float = 0) -> tuple[Reason, float] | None:
    """Return the rule that forbids any hint, and the seconds until it ends; None if there is none.

    Args:
        situation: the present situation.
        in_s: evaluate the rules so many seconds from now.
    """
    memory = situation.memory
    ends: list[tuple[Reason, float]] = [
        ("quiet_hours", memory.quiet_for_s),
        ("just_stopped", JUST_STOPPED_OF_COMFORT * situation.comfort_s - situation.since_last_stop_s),
    ]
    if memory.last_hint_at is not None:
        ends.append(("cooling_down", COOL_DOWN_S - situation.since_hint_s))
    return next(((reason, end) for reason, end in ends if end > in_s), None)


def decide(situation: Situation, outlook: Outlook) -> Hint:
    """Return a hint or silence, with its reason. Gates must have been checked before."""
    if not outlook.near:
        return Hint("already_told" if outlook.only_last_hint else "nothing_near")
    was_declined = False
    for reason, terms in _reasons_to_speak(situation, outlook):
        if reason not in situation.memory.declined:
            return _spoken(reason, situation, outlook, **terms)
        was_declined = True
    if was_declined:
        return Hint("declined")
    return Hint("no_need_yet" if situation.worn < NEED_OF_COMFORT else "nothing_better")


def _reasons_to_speak(situation: Situation, outlook: Outlook) -> Iterator[tuple[Reason, Mapping[str, Any]]]:
    """Yield the reasons for a hint, the most important first, each with what its text needs."""
    best = outlook.near[0]
    if situation.worn >= RUNNING_OUT_OF_COMFORT and _lead_stars(best, outlook.in_time_stars) > 0:
        yield "comfort_running_out", {}
    if outlook.looked_m is not None and outlook.beyond_m is None:
        yield "long_gap_ahead", {"gap_m": outlook.looked_m - (outlook.near_ends_m or 0)}
    if situation.worn < NEED_OF_COMFORT:
        return
    # A stop is optional: suggest only what will not come again soon.
    until = _closing_soon_at(best.card)
    if until is not None and not any(_as_good_and_open(other, best) for other in outlook.near[1:]):
        yield "closing_soon", {"closes_in_s": (until - situation.as_of) / timedelta(seconds=1)}
    if best.card.verdict == "sit" and _lead_stars(best, outlook.beyond_stars) >= CLEARLY_BETTER_STARS:
        yield "best_for_a_while", {}


def _lead_stars(best: Candidate, others_stars: float | None) -> float:
    """Return by how many sure stars a place is better than the best of others; infinity if there are none."""
    return float("inf") if others_stars is None else best.sure_stars - others_stars


def _closing_soon_at(card: Card) -> datetime | None:
    """Return when an open place closes, if that is soon after arrival."""
    if card.open_state != "open" or card.open_until is None:
        return None
    return card.open_until if card.open_until - card.open_checked_at <= timedelta(seconds=CLOSING_S) else None


def _as_good_and_open(other: Candidate, best: Candidate) -> bool:
    stays_open = other.card.open_state == "open" and _closing_soon_at(other.card) is None
    return stays_open and other.utility >= best.utility - CLEARLY_BETTER_STARS


def _spoken(reason: Reason, situation: Situation, outlook: Outlook, **terms: Any) -> Hint:
    best = outlook.near[0]
    until = situation.as_of + timedelta(seconds=VALID_S)
    if best.card.open_state == "open" and best.card.open_until is not None:
        until = min(until, best.card.open_until)
    backup = outlook.near[1] if len(outlook.near) > 1 else None
    return Hint(reason, best, backup, valid_until=until, **terms)
