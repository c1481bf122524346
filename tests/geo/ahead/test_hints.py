"""The rules of docs/hints.md, as a table: a situation and an outlook, what is said, and when to ask again."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from geo.ahead.hints.ask_again import AskAgain, after_gate, after_hint
from geo.ahead.hints.rules import COOL_DOWN_S, Candidate, Outlook, decide, gate
from geo.ahead.hints.situation import Memory, Situation
from geo.coordinates import Point
from tests.conftest import NOON
from tests.factories import card


def place(facility_id: int = 1, *, sure_stars: float = 4.0, utility: float = 3.5, **fields: Any) -> Candidate:
    """A place of an outlook: open for long, good, 1 km off."""
    return Candidate(card(id=facility_id, distance_m=1000.0, **fields), 1000.0, utility, sure_stars)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def situation(**fields: Any) -> Situation:
    """A traveller who can go two hours without a stop, halfway through."""
    return Situation(Point(0, 0), NOON, **{"comfort_s": 7200, "since_last_stop_s": 3600, **fields})


FRESH, NEEDY, PRESSED = ({"since_last_stop_s": 7200 * share} for share in (0.4, 0.6, 0.75))
SEEN = {"looked_m": 40_000.0, "near_ends_m": 2_000.0, "beyond_m": 9_000.0, "beyond_stars": 4.0}
CLOSING = place(open_until=minutes(20))
NO_MORE = {**SEEN, "beyond_m": None, "beyond_stars": None}

RULES: list[tuple[str, dict[str, Any], Outlook]] = [
    ("nothing_near", PRESSED, Outlook()),
    ("already_told", PRESSED, Outlook(only_last_hint=True)),
    ("comfort_running_out", PRESSED, Outlook([place()], **SEEN)),
    ("comfort_running_out", PRESSED, Outlook([place()], **SEEN, in_time_stars=3.99)),
    ("nothing_better", PRESSED, Outlook([place()], **SEEN, in_time_stars=4.0)),
    ("closing_soon", PRESSED, Outlook([CLOSING], **SEEN, in_time_stars=4.0)),
    ("comfort_running_out", PRESSED, Outlook([place(verdict="unrated")])),
    # A gap ahead is worth a word as soon as the last stop is a while ago.
    ("long_gap_ahead", FRESH, Outlook([place()], **NO_MORE)),
    ("long_gap_ahead", NEEDY, Outlook([CLOSING], **NO_MORE)),
    # Where nobody knows what is ahead, nobody speaks of a gap.
    ("no_need_yet", FRESH, Outlook([place()])),
    ("no_need_yet", FRESH, Outlook([CLOSING], **SEEN)),
    ("closing_soon", NEEDY, Outlook([CLOSING], **SEEN)),
    ("closing_soon", NEEDY, Outlook([CLOSING, place(2, utility=2.9)], **SEEN)),
    ("nothing_better", NEEDY, Outlook([CLOSING, place(2, utility=3.1)], **SEEN)),
    ("closing_soon", NEEDY, Outlook([CLOSING, place(2, open_until=minutes(25))], **SEEN)),
    ("closing_soon", NEEDY, Outlook([place(open_until=minutes(30))], **SEEN)),
    ("nothing_better", NEEDY, Outlook([place(open_until=minutes(31))], **SEEN)),
    ("nothing_better", NEEDY, Outlook([place(open_state="unknown", open_until=minutes(5))], **SEEN)),
    ("best_for_a_while", NEEDY, Outlook([place(sure_stars=4.5)], **SEEN)),
    ("nothing_better", NEEDY, Outlook([place(sure_stars=4.49)], **SEEN)),
    ("nothing_better", NEEDY, Outlook([place(sure_stars=4.9, verdict="unsure")], **SEEN)),
    ("best_for_a_while", NEEDY, Outlook([place()])),
]


@pytest.mark.parametrize(("reason", "fields", "outlook"), RULES)
def test_the_first_rule_that_applies_decides(reason: str, fields: dict[str, Any], outlook: Outlook) -> None:
    hint = decide(situation(**fields), outlook)
    assert hint.reason == reason
    assert hint.speak == (reason in ("comfort_running_out", "long_gap_ahead", "closing_soon", "best_for_a_while"))


DECLINED: list[tuple[tuple[str, ...], str, dict[str, Any], Outlook]] = [
    (("comfort_running_out",), "declined", PRESSED, Outlook([place()], **SEEN)),
    (("closing_soon",), "comfort_running_out", PRESSED, Outlook([CLOSING], **SEEN)),
    # Another reason may still apply.
    (("comfort_running_out",), "closing_soon", PRESSED, Outlook([CLOSING], **SEEN)),
    (("comfort_running_out", "closing_soon"), "declined", PRESSED, Outlook([CLOSING], **SEEN)),
    (("long_gap_ahead",), "declined", FRESH, Outlook([place()], **NO_MORE)),
    (("long_gap_ahead",), "closing_soon", NEEDY, Outlook([CLOSING], **NO_MORE)),
    (("best_for_a_while",), "declined", NEEDY, Outlook([place(sure_stars=4.5)], **SEEN)),
    (("best_for_a_while",), "nothing_better", NEEDY, Outlook([place()], **SEEN)),
]


@pytest.mark.parametrize(("declined", "reason", "fields", "outlook"), DECLINED)
def test_a_declined_reason_is_not_repeated(
    declined: tuple[str, ...], reason: str, fields: dict[str, Any], outlook: Outlook
) -> None:
    assert decide(situation(**fields, memory=Memory(declined=declined)), outlook).reason == reason


GATES: list[tuple[dict[str, Any], tuple[str, float] | None, int | None]] = [
    ({"since_last_stop_s": 0}, ("just_stopped", 1800), 1800),
    ({"since_last_stop_s": 1799}, ("just_stopped", 1), 1),
    ({"since_last_stop_s": 1800}, None, None),
    ({"since_last_stop_s": 600, "comfort_s": 3600}, ("just_stopped", 300), 300),
    ({"memory": Memory(quiet_for_s=60)}, ("quiet_hours", 60), 60),
    ({"memory": Memory(last_hint_at=NOON)}, ("cooling_down", COOL_DOWN_S), COOL_DOWN_S),
    ({"memory": Memory(last_hint_at=minutes(-30))}, None, None),
    # A phone whose clock is ahead has spoken just now.
    ({"memory": Memory(last_hint_at=minutes(90))}, ("cooling_down", COOL_DOWN_S), COOL_DOWN_S),
    # The first in the table is the reason; to ask again before all of them are open would be in vain.
    ({"memory": Memory(last_hint_at=NOON, quiet_for_s=60), "since_last_stop_s": 0}, ("quiet_hours", 60), 1800),
    ({"memory": Memory(quiet_for_s=9000), "since_last_stop_s": 0}, ("quiet_hours", 9000), 9000),
]


@pytest.mark.parametrize(("fields", "shut", "after_s"), GATES)
def test_a_gate_blocks_hints_for_the_time_of_its_rule(
    fields: dict[str, Any], shut: tuple[str, float] | None, after_s: int | None
) -> None:
    now = situation(**fields)
    assert gate(now) == shut
    assert after_gate(now) == (AskAgain(after_s, None) if after_s else None)


def test_the_same_place_is_not_suggested_again_for_two_hours() -> None:
    told = situation(memory=Memory(minutes(-119.9), 7))
    assert not told.may_repeat
    assert replace(told, memory=Memory(minutes(-120), 7)).may_repeat


def test_a_hint_names_the_best_place_and_a_backup_and_expires() -> None:
    pressed = situation(**PRESSED)
    hint = decide(pressed, Outlook([place(1), place(2), place(3)]))
    assert (hint.facility and hint.facility.card.id, hint.backup and hint.backup.card.id) == (1, 2)
    assert hint.valid_until == minutes(15)
    assert after_hint(pressed, hint) == AskAgain(COOL_DOWN_S, None)
    assert decide(pressed, Outlook([place(open_until=minutes(4))])).valid_until == minutes(4)


def test_a_gap_is_measured_from_the_last_place_within_reach() -> None:
    outlook = Outlook([place()], near_ends_m=2_500, looked_m=40_000)
    assert decide(situation(**FRESH), outlook).gap_m == 37_500


def test_the_time_until_closing_is_measured_from_now() -> None:
    assert decide(situation(**NEEDY), Outlook([CLOSING], **SEEN)).closes_in_s == 1200


def test_the_remaining_distance_shrinks_with_the_comfort_from_the_horizon_to_a_long_gap() -> None:
    ways = [situation(mode="drive", since_last_stop_s=0).way_left_m(minute * 60) for minute in range(150)]
    assert (ways[0], ways[-1]) == (60_000, 20_000)
    assert ways == sorted(ways, reverse=True)
