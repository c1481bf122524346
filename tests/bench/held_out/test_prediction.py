"""Predictions of the next rating: from earlier ones only, by the rules that they say."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.held_out.__main__ import main
from bench.held_out.calibration import Calibration, fit, log_loss, logit
from bench.held_out.prediction import OURS, RULES, predict
from bench.held_out.reading import Rating
from bench.held_out.record import DAY_US, Record, table
from bench.held_out.scores import score
from bench.reference.quality import DecayedSums, quality
from bench.reference.trust import ABSENT_WEIGHT, rush

DAY_S = 86_400


@st.composite
def files(draw: st.DrawFn) -> list[Rating]:
    """Ratings by time; a rater has one of a place at an instant."""
    drawn = draw(
        st.lists(
            st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from("uvwxyz"), st.integers(1, 5)),
            min_size=1, max_size=30, unique_by=lambda row: row[:3],
        )
    )  # fmt: skip
    return sorted(Rating(half_days * DAY_US // 2, place, rater, stars) for half_days, place, rater, stars in drawn)


def test_a_small_file_by_hand() -> None:
    """One 5★, one 3★ two days later, and a 1★ another day later, by three raters who rate nothing else."""
    ratings = table(
        [Rating(days * DAY_US, "a", rater, stars) for days, rater, stars in ((0, "x", 5), (2, "y", 3), (3, "z", 1))]
    )
    predictions = predict(ratings)
    assert predictions.row.tolist() == [1, 2]
    of = dict(zip(RULES, predictions.estimates.T.tolist(), strict=True))
    assert of["base-rate"] == pytest.approx([5, 4], abs=1e-9)
    assert of["plain-mean"] == pytest.approx([5, 4], abs=1e-9)
    assert of["bayesian"] == pytest.approx([5, 4], abs=1e-9)
    older, newer = 2 ** (-3 / 365), 2 ** (-1 / 365)
    decayed = (5 * 4 + 5 * older + 3 * newer) / (5 + older + newer)
    assert of["decay-365"] == pytest.approx([5, decayed], abs=1e-9)
    unknown = 0.3 * 0.3 * ABSENT_WEIGHT
    first = DecayedSums(*(unknown * factor for d in (365, 30) for factor in (2 ** (-2 / d), 5 * 2 ** (-2 / d))))
    # Two ratings in one week of a new place, which usually gets one.
    both = DecayedSums(
        *(
            unknown / 2 * sum(stars**power * 2 ** (-age / half_life) for stars, age in ((5, 3), (3, 1)))
            for half_life in (365, 30)
            for power in (0, 1)
        )
    )
    assert of["ours-default"] == pytest.approx([quality(first).q, quality(both).q], abs=1e-9)
    # A rating of 4 or more likes the place; 3 stars do not, of which an estimate of 5 stars is 99 % sure.
    assert predictions.log_losses[0, 0] == pytest.approx(-np.log(0.01), abs=1e-9)


@settings(max_examples=50)
@given(files(), st.data())
def test_what_comes_later_changes_no_prediction(ratings: list[Rating], data: st.DataObject) -> None:
    split = data.draw(st.integers(1, len(ratings)))
    until = ratings[split - 1].time_us
    shared = [rating for rating in ratings if rating.time_us <= until]
    changed = shared + [rating._replace(stars=6 - rating.stars) for rating in ratings if rating.time_us > until]
    # The same numbers of places, also without the later ratings.
    known, other = predict(table(ratings)), predict(table(changed))
    upto = known.row < len(shared)
    assert known.row.tolist() == other.row.tolist()
    assert np.array_equal(known.estimates[upto], other.estimates[upto])
    assert np.array_equal(known.log_losses[upto], other.log_losses[upto])


@settings(max_examples=100)
@given(files())
def test_the_record_equals_one_made_at_once(ratings: list[Rating]) -> None:
    columns = table(ratings)
    record = Record(columns)
    for row in range(len(ratings)):
        record.add(row)
    latest = {(rating.place, rating.rater): row for row, rating in enumerate(ratings)}
    live = sorted(latest.values())
    assert np.flatnonzero(record.live).tolist() == live
    expected = np.zeros(len(ratings))
    for place in {rating.place for rating in ratings}:
        rows = [row for row in live if ratings[row].place == place]
        days = [ratings[row].time_us / DAY_US for row in rows]
        expected[rows] = rush(days, days[-1], ratings[0].time_us / DAY_US).weight
    for row in live:
        own = [rating for rating in ratings if rating.rater == ratings[row].rater]
        seen_days = (own[-1].time_us - own[0].time_us) / DAY_US
        expected[row] *= (0.3 if seen_days < 1 else 1) * (1 if len({rating.place for rating in own}) > 1 else 0.3)
        expected[row] *= ABSENT_WEIGHT
    assert record.trusted.weight == pytest.approx(expected, abs=1e-12)
    end_us = ratings[-1].time_us + DAY_US
    for place in range(columns.places):
        rows = [row for row in live if columns.place[row] == place]
        decayed = expected[rows] * np.exp2(-(end_us - columns.time_us[rows]) / DAY_US / 365)
        sums = record.trusted.at(place, end_us)
        assert (sums.weight_slow, sums.stars_slow) == pytest.approx((decayed.sum(), decayed @ columns.stars[rows]))


def test_a_calibration_is_fitted_to_what_happened() -> None:
    x = logit(np.linspace(1.5, 4.5, 400))
    liked = (np.random.default_rng(1).random(400) < 1 / (1 + np.exp(-(0.5 + 2 * x)))).astype(float)
    fitted = fit(x, liked, Calibration())
    assert fitted.intercept == pytest.approx(0.5, abs=0.4)
    assert fitted.slope == pytest.approx(2, abs=0.5)
    assert log_loss(x, liked, fitted).mean() < log_loss(x, liked, Calibration()).mean()


def test_intervals_are_over_places() -> None:
    chance = np.random.default_rng(2)
    ratings = sorted(
        Rating(int(chance.integers(0, 300)) * DAY_US, str(place), str(rater), int(chance.integers(1, 6)))
        for place in range(30)
        for rater in range(8)
    )
    scores = {each.rule: each for each in score(table(ratings), predict(table(ratings)))}
    assert list(scores) == list(RULES)
    for each in scores.values():
        assert each.rmse.low is not None
        assert each.rmse.high is not None
        assert each.rmse.low < each.rmse.value < each.rmse.high
    # Of stars by chance, nothing is better known than their mean.
    assert scores["plain-mean"].rmse.value > scores["base-rate"].rmse.value
    assert scores[OURS].rmse_less_ours is None


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, figures = tmp_path / "ratings.csv", tmp_path / "figures.json"
    lines = [
        f"{place},{rater},2026-0{1 + rater}-01,{1 + (place + rater) % 5}" for place in range(3) for rater in range(4)
    ]
    file.write_text("\n".join(["place,rater,time,stars", *lines]))
    main([str(file), "--json", str(figures)])
    assert "| ours |" in capsys.readouterr().out
    document = json.loads(figures.read_text())
    assert (document["ratings"], document["places"], document["predicted"]) == (12, 3, 9)
    assert [row["rule"] for row in document["rows"]] == list(RULES)


@pytest.mark.parametrize("lines", [["a,x,2026-01-01,3"], ["a,x,2026-01-01,5", "b,x,2026-01-02,5"]])
def test_a_file_without_a_second_rating_of_a_place_has_nothing_to_predict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[str]
) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("\n".join(["place,rater,time,stars", *lines]))
    main([str(file)])
    assert "nothing to predict" in capsys.readouterr().out


def test_a_wrong_file_ends_the_command_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("place,rater,time,stars\na,x,2026-01-01,9\n")
    with pytest.raises(SystemExit, match="line 2, stars: '9' must be a whole number from 1 to 5"):
        main([str(file)])
