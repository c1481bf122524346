"""The search finds the same facilities in the same order as brute force."""

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.facilities import search
from geo.facilities.attributes import ATTRIBUTES
from tests.conftest import NOON
from tests.factories import properties
from tests.geo import brute_force
from tests.geo.world import CENTRES, add_world, merge_neighbours


def some(random: Random, none: float, *words: str) -> tuple[str, ...] | None:
    """Some of the words; None for a share of the times."""
    return None if random.random() < none else tuple(random.sample(words, random.randint(1, len(words))))


def random_query(random: Random) -> search.NearbyQuery:
    centre, spread = random.choice([*CENTRES, Point(-140, 10)]), 10 ** random.uniform(-4, 1)
    lon = (centre.lon + random.gauss(0, spread) + 180) % 360 - 180
    opening = random.choice(
        ({}, {}, {"open_on_arrival": True}, {"open_at": NOON + timedelta(hours=random.uniform(-99, 999))})
    )
    return search.NearbyQuery(
        origin=Point(lon, max(-90.0, min(90.0, centre.lat + random.gauss(0, spread)))),
        as_of=NOON + timedelta(days=random.uniform(0, 30)),
        radius_m=random.choice((1.0, 100.0, 2000.0, 50_000.0)),
        limit=random.choice((1, 2, 5, 20, 100)),
        needs=search.Needs(
            kinds=some(random, 0.7, "toilets", "drinking_water", "shower", "baby_care"),
            accepted={
                attribute.name: words for attribute in ATTRIBUTES if (words := some(random, 0.85, *attribute.accepted))
            },
            verdicts=some(random, 0.7, "sit", "squat", "unsure", "unrated"),
            open_states=some(random, 0.7, "open", "closed", "unknown"),
            **opening,
        ),
        rank=random.choice(("balanced", "distance", "cleanliness")),
        mode=random.choice(("walk", "drive")),
    )


def assert_equals_brute_force(session: Session, seed: int, facilities: int, queries: int) -> None:
    random = Random(seed)
    add_world(session, random, facilities)
    assert merge_neighbours(session), "no place has two sources: the world is too sparse to prove anything"
    table = brute_force.all_facilities(session)
    widened_seen = empty_seen = 0
    for _ in range(queries):
        query = random_query(random)
        found = search.nearby(session, query)
        expected, widened = brute_force.nearby(table, query)
        best = expected[: query.limit]
        assert found.widened == widened, query
        assert len(found.facilities) == len(best), query
        # Where the formulas of SQL and Python differ in the last bit, two equals may change places: nothing else may.
        ranked_as = {ranked.id: ranked for ranked in expected}
        for row, ranked in zip(found.facilities, best, strict=True):
            same = ranked_as[row.id]
            assert properties(row)["ranked_last"] == same.last_because, query
            assert row.utility == pytest.approx(same.utility, rel=1e-9, abs=1e-9)
            assert (same.last_because is None) == (ranked.last_because is None), query
            assert row.id == ranked.id or same.utility == pytest.approx(ranked.utility, abs=1e-9), query
        assert len({row.id for row in found.facilities}) == len(found.facilities)
        widened_seen += widened
        empty_seen += not best
    assert widened_seen, "no query widened: the world is too dense to prove anything"
    assert empty_seen, "no query came back empty: the needs are too lax to prove anything"


def test_random_searches_equal_brute_force(session: Session) -> None:
    assert_equals_brute_force(session, seed=1, facilities=250, queries=150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_a_thousand_random_searches_equal_brute_force(session: Session, seed: int) -> None:
    assert_equals_brute_force(session, seed=seed, facilities=400, queries=200)
