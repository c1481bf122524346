"""The priors of places come from the ratings of their kind, and of their operator or brand."""

from datetime import timedelta
from itertools import chain, combinations
from math import sqrt
from random import Random

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from geo.casework import staff
from geo.crowd import ratings
from geo.crowd.models import Rating
from geo.crowd.quality import (
    LANDMARK,
    PRESENT_CREDIBILITY,
    PRIOR_MEAN_STARS,
    RECORD_CREDIBILITY,
    SLOW_HALF_LIFE_DAYS,
)
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from geo.priors import estimate as estimates
from geo.priors.estimate import DEFAULT, Prior, estimate
from tests.conftest import NOON
from tests.factories import add_device, add_facility, add_rating, facility_row
from tests.geo.priors.places import Sums, add_groups, add_place, prior, store_all

TOLERANCE = 1e-9

THREE_GROUPS: list[list[Sums]] = [[(50, 230), (40, 180)], [(60, 150), (30, 80)], [(45, 160), (80, 290)]]
"""Their k is 0.292464936."""


def credible(places: list[Sums]) -> Sums:
    return (
        sum(weight / (weight + RECORD_CREDIBILITY) for weight, _ in places),
        sum(stars / (weight + RECORD_CREDIBILITY) for weight, stars in places),
    )


def test_a_place_has_the_constants_until_its_prior_is_estimated(session: Session) -> None:
    assert DEFAULT == (PRIOR_MEAN_STARS, None, RECORD_CREDIBILITY, PRESENT_CREDIBILITY)
    assert prior(session, add_facility(session)) == DEFAULT


@pytest.mark.parametrize(
    ("places", "stars"),
    [
        ([(5, 22.5), (10, 42), (1, 5)], 4.4125),
        ([(20, 58), (8, 24), (3, 7.5)], 2.850590763),
        ([(5, 22.5), (10, 42), (1, 5), (20, 58), (8, 24), (3, 7.5)], 3.517278884),
        ([(2, 8), (2, 7), (2, 6), (2, 9)], 3.75),
    ],
)
def test_the_prior_of_a_kind_comes_from_its_own_ratings(session: Session, places: list[Sums], stars: float) -> None:
    for sums in places:
        add_place(session, sums, kind="shower")
    add_place(session, (100, 500), kind="toilets")
    unrated = add_place(session, kind="shower")
    store_all(session)
    assert prior(session, unrated) == (pytest.approx(stars, abs=TOLERANCE), "kind:shower", 5, 5)


def test_a_kind_with_one_placeful_of_ratings_keeps_the_default(session: Session) -> None:
    place = add_place(session, (0.5, 2.5))
    assert store_all(session) == 0
    assert prior(session, place) == DEFAULT


def test_places_of_an_operator_have_its_mean_shrunk_to_that_of_the_kind(session: Session) -> None:
    ids = add_groups(session, THREE_GROUPS)
    alone = add_place(session, (5, 25), operator="Someone")
    unrated = add_place(session, operator="Operator 1")
    store_all(session)
    z, y = credible([*chain.from_iterable(THREE_GROUPS), (5, 25)])
    kind_mean, k = y / z, 0.292464936
    for number, group in enumerate(THREE_GROUPS):
        z, y = credible(group)
        mean = pytest.approx((k * kind_mean + y) / (k + z), abs=1e-8)  # k is rounded
        members = [*ids[number], *([unrated] if number == 1 else [])]
        assert {prior(session, place) for place in members} == {
            Prior(prior(session, members[0]).stars, f"operator:Operator {number}", 5, 5)
        }
        assert prior(session, members[0]).stars == mean
    # One place of an operator tells nothing about others, but counts for its kind.
    assert prior(session, alone) == (pytest.approx(kind_mean, abs=TOLERANCE), "kind:toilets", 5, 5)


def test_operators_that_do_not_differ_are_not_used(session: Session) -> None:
    ids = add_groups(session, [[(5, 18), (10, 36)], [(20, 72), (8, 29)], [(3, 11), (6, 21.6)]])
    store_all(session)
    assert {prior(session, place).group for group in ids for place in group} == {"kind:toilets"}


def test_two_operators_are_too_few_to_know_whether_operators_differ(session: Session) -> None:
    ids = add_groups(session, THREE_GROUPS[:2])
    store_all(session)
    assert {prior(session, place).group for group in ids for place in group} == {"kind:toilets"}


def test_the_operators_of_one_kind_tell_nothing_about_another_kind(session: Session) -> None:
    add_groups(session, THREE_GROUPS, kind="shower")
    toilets = [add_place(session, (20, 80), operator="Operator 1") for _ in range(2)]
    store_all(session)
    assert [prior(session, place).group for place in toilets] == ["kind:toilets"] * 2


@pytest.mark.parametrize(
    "spelling",
    ["OPERATOR 1", "  operator   1 ", "Operator-1", "Opérator 1", "\N{FULLWIDTH LATIN CAPITAL LETTER O}perator 1"],
)
def test_an_operator_is_the_same_however_it_is_spelled(session: Session, spelling: str) -> None:
    ids = add_groups(session, THREE_GROUPS)
    respelled = add_place(session, operator=spelling)
    store_all(session)
    assert prior(session, respelled) == prior(session, ids[1][0])._replace(group=f"operator:{spelling}")


@pytest.mark.parametrize("nameless", ["", " ", "-", "?!"])
def test_operators_without_a_letter_are_no_group(session: Session, nameless: str) -> None:
    add_groups(session, THREE_GROUPS)
    places = [add_place(session, (50, 50), operator=nameless) for _ in range(3)]
    store_all(session)
    assert {prior(session, place).group for place in places} == {"kind:toilets"}


def test_the_brand_counts_where_the_operator_has_no_other_places(session: Session) -> None:
    add_groups(session, THREE_GROUPS)
    tenants = [
        add_place(session, sums, operator=f"Tenant {number}", tags={"brand": "Fuel & Go"})
        for number, sums in enumerate([(50, 75), (50, 80)])
    ]
    of_operator = add_place(session, operator="Operator 0", tags={"brand": "Fuel & Go"})
    without_operator = add_place(session, tags={"brand": "fuel & go"})
    store_all(session)
    assert [prior(session, place).group for place in tenants] == ["brand:Fuel & Go"] * 2
    assert prior(session, tenants[0]).stars < 2
    assert prior(session, of_operator).group == "operator:Operator 0"
    assert prior(session, without_operator).group == "brand:fuel & go"


def test_an_operator_without_ratings_leaves_its_places_to_their_brand(session: Session) -> None:
    add_groups(session, THREE_GROUPS)
    unrated = [add_place(session, operator="New", tags={"brand": "Fuel"}) for _ in range(2)]
    add_place(session, (50, 75), tags={"brand": "Fuel"})
    store_all(session)
    assert [prior(session, place).group for place in unrated] == ["brand:Fuel"] * 2


@pytest.mark.parametrize("status", ["closed", "hidden"])
def test_unlisted_places_have_a_prior_and_do_not_count(session: Session, status: str) -> None:
    listed = add_place(session, (20, 80))
    add_place(session, (20, 80), status="reported_closed")
    unlisted = add_place(session, (100, 100), status=status)
    store_all(session)
    assert {prior(session, place) for place in (listed, unlisted)} == {prior(session, listed)}
    assert prior(session, listed) == (pytest.approx(4, abs=TOLERANCE), "kind:toilets", 5, 5)


def test_a_place_that_others_were_merged_into_has_the_prior_of_its_own_group(session: Session) -> None:
    add_groups(session, THREE_GROUPS)
    place = add_place(session, operator="Operator 2")
    part = add_place(session, (9, 9), operator="Operator 1", status="merged", merged_into=place)
    record = add_place(session, (9, 9), operator="Operator 1", status="record", merged_into=place)
    store_all(session)
    assert prior(session, place).group == "operator:Operator 2"
    assert {prior(session, row) for row in (part, record)} == {DEFAULT}


def test_ratings_that_staff_excluded_do_not_count(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "PAIR_WEIGHT_AT_LEAST", 1.0)
    known = add_ratings(session, Random(7), places=10, most=12)
    before = estimate(session, NOON).by_kind["toilets"]
    place = known[0]
    rated_at = NOON + timedelta(days=-3)
    for _ in range(20):
        add_rating(session, place, 1, rated_at)
    assert estimate(session, NOON).by_kind["toilets"] != before
    added = staff.add(session, "anna", "senior", NOON, actor="command")
    member = staff.KnownStaff(added.staff_id, "anna", "senior", None)
    decision = NewDecision("exclude_ratings", "one_sided_burst", window=(rated_at, rated_at + timedelta(seconds=1)))
    decide.on_target(session, member, targets.lock(session, "facility", place), decision, NOON)
    # Not equal to the last digit: sums of floats depend on the order in which rows are read.
    after = estimate(session, NOON).by_kind["toilets"]
    assert after == before._replace(
        stars=pytest.approx(before.stars, abs=TOLERANCE),
        record_credibility=pytest.approx(before.record_credibility, abs=TOLERANCE),
        present_credibility=pytest.approx(before.present_credibility, abs=TOLERANCE),
    )


def add_ratings(session: Session, random: Random, places: int, most: int) -> list[int]:
    """Random ratings of new places, some at the same instant. Returns the ids of the places."""
    known = []
    devices = [add_device(session, NOON).device_id for _ in range(most)]
    for _ in range(places):
        place, usual = add_facility(session, created_at=NOON - timedelta(days=1000)), random.choice((2, 3, 5))
        known.append(place)
        for device in devices[: random.randint(0, most)]:
            day = random.choice((-2.0, -5.0, -640.0, -7.0, random.uniform(-1000, 0)))
            rating = {
                "facility_id": place,
                "device_id": device,
                "stars": min(5, max(1, usual + random.choice((-1, 0, 0, 1)))),
                "rated_at": NOON + timedelta(days=day),
                "weight_track": random.choice((1.0, 0.3)),
                "trusted": random.random() < 0.5,  # else a rush weighs less
            }
            session.execute(insert(Rating).values(**rating))
    ratings.recompute(session, known)
    return known


def fitted_by_pairs(session: Session, places: list[int], kind_mean: float) -> tuple[float, float]:
    """C0 and C, every pair of ratings on its own."""
    edges = [0, 2, 5, 10, 20, 40, 80, 160, 320, 640]
    weighed = text(
        """SELECT date_part('epoch', rated_at - :as_of) / 86400, stars, weight
           FROM facility_search.weighed_ratings(:place)"""
    )
    products, pair_weights, squares, weights = [0.0] * 9, [0.0] * 9, 0.0, 0.0
    for place in places:
        rated = session.execute(weighed, {"as_of": NOON, "place": place}).all()
        for (day, stars, weight), (other_day, other_stars, other_weight) in combinations(rated, 2):
            lag = abs(day - other_day)
            if lag < edges[-1]:
                bin_ = max(number for number in range(9) if edges[number] <= lag)
                pair_weights[bin_] += weight * other_weight / len(rated)
                products[bin_] += weight * other_weight / len(rated) * (stars - kind_mean) * (other_stars - kind_mean)
        squares += sum(weight * (stars - kind_mean) ** 2 for _, stars, weight in rated) / sqrt(len(rated) or 1)
        weights += sum(weight for _, _, weight in rated) / sqrt(len(rated) or 1)
    fitted = session.execute(
        text("SELECT * FROM facility_search.fitted_credibility(CAST(:c AS float8[]), CAST(:d AS float8[]), :total)"),
        {
            "c": [total / weight if weight else 0 for total, weight in zip(products, pair_weights, strict=True)],
            "d": pair_weights,
            "total": squares / weights,
        },
    ).one()
    return fitted.record_credibility, fitted.present_credibility


@pytest.mark.parametrize("seed", range(5))
def test_c0_and_c_are_those_of_every_pair_of_ratings_of_a_place(
    session: Session, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(estimates, "PAIR_WEIGHT_AT_LEAST", 1.0)
    known = add_ratings(session, Random(seed), places=15, most=12)
    rows = [facility_row(session, place) for place in known]
    decay = 2 ** (-(NOON - LANDMARK) / timedelta(days=SLOW_HALF_LIFE_DAYS))
    z, y = credible([(row["weight_slow"] * decay, row["stars_slow"] * decay) for row in rows])
    found = estimate(session, NOON).by_kind["toilets"]
    assert found[2:] == pytest.approx(fitted_by_pairs(session, known, y / z), abs=TOLERANCE)
    assert found[2:] != (RECORD_CREDIBILITY, PRESENT_CREDIBILITY)


def test_c0_and_c_are_not_estimated_from_few_pairs_of_ratings(session: Session) -> None:
    add_ratings(session, Random(3), places=10, most=12)
    assert estimate(session, NOON).by_kind["toilets"][2:] == (RECORD_CREDIBILITY, PRESENT_CREDIBILITY)


def test_the_ratings_of_one_kind_say_nothing_about_c0_of_another(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "PAIR_WEIGHT_AT_LEAST", 1.0)
    add_ratings(session, Random(4), places=15, most=12)
    shower = add_place(session, (20, 80), kind="shower")
    toilets = estimate(session, NOON).by_kind["toilets"]
    assert toilets[2:] != (RECORD_CREDIBILITY, PRESENT_CREDIBILITY)
    store_all(session)
    assert prior(session, shower)[2:] == (RECORD_CREDIBILITY, PRESENT_CREDIBILITY)


def test_the_means_use_the_estimated_c0(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "PAIR_WEIGHT_AT_LEAST", 1.0)
    known = add_ratings(session, Random(4), places=15, most=12)
    found = estimate(session, NOON).by_kind["toilets"]
    assert found.record_credibility != RECORD_CREDIBILITY
    decay = 2 ** (-(NOON - LANDMARK) / timedelta(days=SLOW_HALF_LIFE_DAYS))
    rows = [facility_row(session, place) for place in known]
    records = [row["weight_slow"] * decay + found.record_credibility for row in rows]
    credible_stars = sum(row["stars_slow"] * decay / record for row, record in zip(rows, records, strict=True))
    credibility = sum(row["weight_slow"] * decay / record for row, record in zip(rows, records, strict=True))
    assert found.stars == pytest.approx(credible_stars / credibility, abs=TOLERANCE)


def test_an_empty_database_has_no_priors(session: Session) -> None:
    priors = estimate(session, NOON)
    assert priors.by_kind == priors.by_group == {}
    assert priors.of_place("toilets", "Someone", None) == DEFAULT
