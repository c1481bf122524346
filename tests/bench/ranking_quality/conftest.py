import pytest

from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.regimes import REGIMES, ratings_of
from bench.ranking_quality.world import CONDITIONS, World, make_world


@pytest.fixture(scope="package")
def world() -> World:
    return make_world(CONDITIONS[3], seed=5)


def evidence_of(world: World, regime: str) -> Evidence:
    return Evidence(ratings_of(world, REGIMES[regime]), world.moments, len(world.places_km))


@pytest.fixture(scope="package")
def evidence(world: World) -> Evidence:
    return evidence_of(world, "one-network")
