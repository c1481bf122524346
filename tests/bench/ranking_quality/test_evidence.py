from dataclasses import replace

import numpy as np
import pytest

from bench.ranking_quality.evidence import TRUSTS, Evidence
from bench.ranking_quality.raters import Ratings, by_place, some
from bench.ranking_quality.world import World
from bench.reference.trust import age_weight, presence_weight, rush, track_weight

TOLERANCE = 1e-9


def live_at(ratings: Ratings, moment: float) -> list[int]:
    """The last known rating of each device for each place."""
    last = {
        (ratings.place[at], ratings.device[at]): at
        for at in np.argsort(ratings.day, kind="stable").tolist()
        if ratings.day[at] <= moment
    }
    return sorted(last.values())


@pytest.mark.parametrize("moment", [0, 11, 23])
def test_weights_of_a_town_equal_the_reference(evidence: Evidence, moment: int) -> None:
    ratings, as_of = evidence.ratings, float(evidence.moments[moment])
    live = live_at(ratings, as_of)
    assert np.flatnonzero(evidence.live[moment]).tolist() == live
    known = np.flatnonzero(ratings.day <= as_of)
    rushes: dict[int, float] = {}
    for place in range(evidence.shape[1]):
        here = [at for at in live if ratings.place[at] == place]
        rushes |= dict(zip(here, rush(ratings.day[here], as_of, 0.0).weight.tolist(), strict=True))
    for at in live[::25]:
        mine = known[ratings.device[known] == ratings.device[at]]
        together = sum(
            ratings.place[other] == ratings.place[at]
            and ratings.network[other] == ratings.network[at]
            and ratings.day[at] - 3.5 < ratings.day[other] <= ratings.day[at] + 3.5
            for other in live
        )
        expected = rushes[at] * float(
            age_weight(ratings.new[at], np.ptp(ratings.day[mine]))
            * presence_weight(ratings.present[at] > 0 and together <= 10)
            * track_weight(len(set(ratings.place[mine].tolist())))
        )
        assert evidence.weights("ours")[moment, at] == pytest.approx(expected, abs=TOLERANCE)


def test_no_weight_depends_on_later_ratings(world: World, evidence: Evidence) -> None:
    moment = 5
    earlier = np.flatnonzero(evidence.ratings.day <= world.moments[moment])
    before = Evidence(some(evidence.ratings, earlier), world.moments[: moment + 1], evidence.shape[1])
    for trust in TRUSTS:
        assert (evidence.weights(trust)[moment][earlier] == before.weights(trust)[moment]).all()


def test_the_order_in_which_ratings_are_given_does_not_matter(world: World, evidence: Evidence) -> None:
    shuffled = np.random.default_rng(1).permutation(len(evidence.ratings.day))
    other = Evidence(by_place([some(evidence.ratings, shuffled)]), world.moments, evidence.shape[1])
    assert other.sums(30.0, "ours").value == pytest.approx(evidence.sums(30.0, "ours").value, abs=TOLERANCE)


def test_sums_decay_by_half_in_a_half_life(evidence: Evidence) -> None:
    latest = Evidence(evidence.ratings, evidence.moments[-1:], evidence.shape[1])
    ended = replace(evidence.ratings, day=np.minimum(evidence.ratings.day, evidence.moments[-1]))
    now = Evidence(ended, np.array([1000.0, 1030.0]), evidence.shape[1]).sums(30.0, "blind")
    assert now.weight[1] == pytest.approx(now.weight[0] / 2)
    assert latest.sums(np.inf, "blind").weight == pytest.approx(latest.count())


def test_a_town_without_ratings_has_no_evidence(evidence: Evidence) -> None:
    nothing = Evidence(some(evidence.ratings, np.array([], dtype=np.int64)), evidence.moments, evidence.shape[1])
    for trust in TRUSTS:
        assert not nothing.sums(365.0, trust).weight.any()


def test_proved_ratings_have_full_weight_and_a_rush_of_their_own(world: World, evidence: Evidence) -> None:
    ratings, places = evidence.ratings, evidence.shape[1]
    first = np.flatnonzero(ratings.place == ratings.place[0])
    visit = replace(some(ratings, first[:1]), device=np.array([-(10**9)]), day=world.moments[:1] - 1.0)
    proved = replace(visit, new=np.ones(1), present=np.zeros(1), proved=np.ones(1))
    together = Evidence(by_place([ratings, proved]), world.moments, places)
    at = together.ratings.proved > 0
    assert together.weights("ours")[0, at] == [1.0]
    assert (together.weights("ours")[:, ~at] == evidence.weights("ours")).all()

    unproved = Evidence(by_place([ratings, replace(proved, proved=np.zeros(1))]), world.moments, places)
    assert unproved.weights("ours")[0, at] <= [0.3 * 0.3 * 0.8 + TOLERANCE]
