import numpy as np
import pytest

from bench.ranking_quality.components import credibility
from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.raters import Density, by_place, honest_ratings, some
from bench.ranking_quality.regimes import REGIMES, ratings_of
from bench.ranking_quality.world import CONDITIONS, World, make_world, towns

FIXED_NAMES = {"clean", "one-network", "spread", "drip-60d", "owner", "festival", "budapest"}


def test_the_regimes_have_their_fixed_names() -> None:
    assert set(REGIMES) >= FIXED_NAMES


def test_twenty_four_towns_meet_each_condition_once() -> None:
    assert {world.conditions for world in towns(24, 0)} == set(CONDITIONS)


@pytest.mark.parametrize("regime", ["one-network", "spread", "drip-60d", "owner", "festival"])
def test_the_same_people_rate_in_each_regime_but_for_the_crowds(world: World, regime: str) -> None:
    clean, crowded = ratings_of(world, REGIMES["clean"]), ratings_of(world, REGIMES[regime])
    others = some(crowded, np.flatnonzero(crowded.device >= 0))
    assert (others.day == clean.day).all()
    assert (others.stars == clean.stars).all()
    assert len(crowded.day) > len(clean.day)


@pytest.mark.parametrize(
    ("regime", "days", "networks", "stars"),
    [("one-network", 2, 1, {1, 5}), ("spread", 2, 100, {1, 5}), ("drip-60d", 60, 100, {1, 5}), ("owner", 30, 100, {5})],
)
def test_an_attack_rates_one_place_alike(
    world: World, regime: str, days: float, networks: int, stars: set[float]
) -> None:
    ratings = ratings_of(world, REGIMES[regime])
    attack = some(ratings, np.flatnonzero(ratings.honest == 0))
    assert set(attack.stars.tolist()) <= stars
    assert attack.present.all()
    assert (np.unique(attack.device, return_counts=True)[1] == 1).all()
    for network in np.unique(attack.network):
        together = attack.network == network
        assert len(set(attack.place[together].tolist())) == 1
        assert np.ptp(attack.day[together]) <= days
    assert len(np.unique(attack.network)) >= len(attack.day) / 100 * min(networks, 100) / 100


def test_budapest_has_its_density_and_most_votes_there_come_from_one_time_raters() -> None:
    counts, raters, once = [], [], []
    for seed in range(60):
        world = make_world(CONDITIONS[0], seed)
        ratings = ratings_of(world, REGIMES["budapest"])
        _, votes = np.unique(ratings.device, return_counts=True)
        counts.append(len(ratings.day) / len(world.busyness) / 913 * 365)
        raters.append(len(ratings.day) / len(votes))
        once.append((votes == 1).sum() / len(ratings.day))
    assert np.mean(counts) == pytest.approx(1.2, rel=0.15)
    assert np.mean(raters) == pytest.approx(1.4, rel=0.03)
    assert np.mean(once) == pytest.approx(0.5, abs=0.05)


def test_only_the_first_day_of_a_device_is_new(world: World) -> None:
    ratings = honest_ratings(np.random.default_rng(3), world, Density(6.0, 5.0))
    for device in np.unique(ratings.device)[:200]:
        mine = ratings.device == device
        later = ratings.day[mine] >= ratings.day[mine].min() + 1
        assert not ratings.new[mine][later].any()


def test_a_town_with_many_ratings_tells_how_its_places_differ() -> None:
    steady = make_world(CONDITIONS[-1], seed=8)
    ratings = by_place([honest_ratings(np.random.default_rng(4), steady, Density(60.0, 5.0))])
    fitted = credibility(Evidence(ratings, steady.moments[:1], len(steady.busyness)), "blind", 3.9)
    true = float(np.var(steady.stars[:, :2920].mean(axis=1)))
    assert fitted.places_variance == pytest.approx(true, abs=0.15)
    assert 0.7 <= fitted.noise_variance <= 1.6
