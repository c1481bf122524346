"""Days of the hints bench: what counts as in time and as a false alarm, on days whose needs are known."""

import json
import subprocess
import sys
from math import inf
from pathlib import Path

import numpy as np
import pytest

from bench.hints_quality.day import Tally, live
from bench.hints_quality.experiment import simulate
from bench.hints_quality.people import MOTORWAY_M_S, PERSONAS, Day, Leg, Need, make_day
from bench.hints_quality.prompters import RULES
from bench.hints_quality.table import ALL, as_json, markdown, ratio
from bench.hints_quality.world import HOUR_S, Places, World

MINUTE_S = 60.0
NEVER = Need(inf, inf, inf, 0.0)


def motorway(*places_km: float, road_km: float = 400) -> World:
    """Unrated places that never close."""
    count = len(places_km)
    places = Places(
        np.array(places_km) * 1000.0,
        np.zeros(count),
        np.full(count, inf),
        np.full(count, 3.6),
        np.full(count, 0.7),
        ["unrated"] * count,
    )
    return World(places, road_km * 1000)


def drive(world: World, *needs: Need) -> Day:
    """A family's drive to the end of the road, with these needs and no other."""
    assert world.road_m is not None
    leg = Leg(world.road_m / MOTORWAY_M_S, "drive", 0, 0, 90, MOTORWAY_M_S)
    return Day(world, 8 * HOUR_S, [leg], 2 * HOUR_S, [*needs, NEVER], 12 * MINUTE_S)


def need(felt_h: float, *, willing_share: float = 0.75, grace_min: float = 15, app_draw: float = 0.0) -> Need:
    felt_s = felt_h * HOUR_S
    return Need(felt_s * willing_share, felt_s, felt_s + grace_min * MINUTE_S, app_draw)


KM_AT_2_H = 2 * HOUR_S * MOTORWAY_M_S / 1000  # 220 km


@pytest.mark.parametrize(("next_km", "in_time"), [(27, 1), (28, 0)])
def test_a_need_is_met_in_time_before_it_is_urgent(next_km: float, in_time: int) -> None:
    # 15 minutes at 110 km/h are 27.5 km.
    tally = live(drive(motorway(KM_AT_2_H + next_km), need(2)), RULES["on-demand"])
    assert (tally.needs, tally.in_time, tally.hints, tally.requests) == (1, in_time, 0, 1)


def test_a_hint_that_is_accepted_meets_the_need_before_it_is_felt() -> None:
    tally = live(drive(motorway(190), need(2)), RULES["hints-own-comfort"])
    assert tally[:4] == (1, 1, 1, 0)
    assert live(drive(motorway(190), need(2)), RULES["on-demand"]).in_time == 0


def test_a_hint_that_is_not_wanted_is_a_false_alarm() -> None:
    tally = live(drive(motorway(190, 230), need(2, willing_share=1.0)), RULES["hints-own-comfort"])
    assert tally[:4] == (1, 1, 1, 1)


def test_the_former_rules_repeat_a_declined_reason() -> None:
    day = drive(motorway(*range(150, 400, 5)), need(6))
    assert live(day, RULES["former-half-known"]).false_alarms == 5  # each half hour from 1.5 h on
    assert live(day, RULES["hints-half-known"]).false_alarms == 1


def test_a_stop_that_the_app_does_not_know_of_leaves_its_clock_running() -> None:
    # The stop after an hour is half an hour's drive from the place that follows.
    day = drive(motorway(115, 280, road_km=345), need(1, willing_share=1, app_draw=0.9))
    assert live(day, RULES["hints"]).hints == 0
    assert live(day, RULES["hints-half-known"]).hints > 0


def test_the_timer_rings_every_two_hours_after_the_last_stop() -> None:
    day = drive(motorway(*range(5, 400, 5)), need(1, willing_share=1))
    assert live(day, RULES["timer-2h"]).hints == 1  # 3 h 38 of driving
    assert live(day._replace(needs=[NEVER]), RULES["timer-2h"]).hints == 1


def test_indoors_needs_are_met_and_do_not_count() -> None:
    home = Day(motorway(), 8 * HOUR_S, [Leg(4 * HOUR_S, None, 0, 0)], 2 * HOUR_S, [need(1)] * 5, 300)
    assert live(home, RULES["on-demand"]) == Tally(0, 0, 0, 0, 0, 0.0)


def test_a_need_that_is_felt_under_way_counts_on_arrival() -> None:
    tally = live(drive(motorway(), need(3.6, grace_min=1)), RULES["on-demand"])
    assert tally[:2] == (1, 0)
    assert live(drive(motorway(), need(3.6, grace_min=30)), RULES["on-demand"])[:2] == (1, 1)


def test_the_oracle_has_no_false_alarms() -> None:
    for persona in PERSONAS:
        assert live(make_day(persona, 3), RULES["oracle"]).false_alarms == 0


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    first, again, other = (as_json(simulate(8, seed)) for seed in (0, 0, 9))
    assert first == again
    assert first != other


def test_there_is_a_row_for_each_persona_and_rule() -> None:
    rows = as_json(simulate(8, 1))
    assert [(row["persona"], row["rule"]) for row in rows] == [(p, r) for p in (*PERSONAS, ALL) for r in RULES]
    assert set(rows[0]) == {
        "persona", "rule", "in_time", "hints_a_day", "false_alarms_a_day", "requests_an_hour",
    }  # fmt: skip
    assert set(rows[-1]["in_time"]) == {"mean", "margin"}
    assert len(markdown(rows).splitlines()) == 2 + len(rows)


def test_a_ratio_is_that_of_the_sums_and_none_without_any() -> None:
    parts, wholes = np.array([1.0, 2.0, 0.0, 3.0]), np.array([1.0, 4.0, 0.0, 3.0])
    figure = ratio(parts, wholes)
    assert figure is not None
    assert figure.mean == pytest.approx(6 / 8)
    assert ratio(np.zeros(3), np.zeros(3)) is None


def bench_hints(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.hints_quality", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_the_table_and_writes_the_rows(tmp_path: Path) -> None:
    file = tmp_path / "hints.json"
    run = bench_hints("--days", "8", "--seed", "2", "--json", str(file))
    assert run.returncode == 0, run.stderr
    document = json.loads(file.read_text(encoding="utf-8"))
    assert (document["days"], document["seed"]) == (8, 2)
    assert run.stdout.strip() == markdown(document["rows"])


@pytest.mark.parametrize(("arguments", "field"), [(("--days", "7"), "--days"), (("--seed", "-1"), "--seed")])
def test_a_bad_option_is_named(arguments: tuple[str, str], field: str) -> None:
    run = bench_hints(*arguments)
    assert run.returncode == 2
    assert f"{field}: must be" in run.stderr
