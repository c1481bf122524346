"""Where a route passes places: against pyproj and shapely, and the rules for bends, loops and sides."""

from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely import LineString, Point
from shapely.ops import substring

from geo.ahead.passes import ON_ROUTE_M, Passes, Track
from geo.ahead.timed_route import Route, lay, lon_lat
from geo.coordinates import EARTH_RADIUS_M

Floats = NDArray[np.float64]

SAMPLE_M = 10.0
CENTRES = {
    "Paris": (2.35, 48.86),
    "Fiji, on the antimeridian": (179.98, -16.8),
    "Svalbard": (15.6, 78.2),
    "near the pole": (40.0, 89.8),
    "the equator at Greenwich": (0.0, 0.0),
}


def wiggly(
    centre: tuple[float, float], random: Random, legs: int = 60, leg_m: float = 800
) -> list[tuple[float, float]]:
    """A random way around a centre, drawn on the plane that touches the Earth there."""
    to_degrees = plane(*centre)
    x = y = 0.0
    heading, points = random.uniform(0, 6.3), []
    for _ in range(legs):
        heading += random.gauss(0, 0.7)
        length_m = random.uniform(5, 2 * leg_m)
        x, y = x + length_m * np.cos(heading), y + length_m * np.sin(heading)
        points.append((x, y))
    lon, lat = to_degrees.transform(*np.array(points).T, direction="INVERSE")
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def plane(lon: float, lat: float) -> Transformer:
    """Degrees to the azimuthal equidistant plane, on which distances from the point are those on the sphere."""
    sphere = CRS.from_proj4(f"+proj=longlat +R={EARTH_RADIUS_M!r} +no_defs")
    local = CRS.from_proj4(f"+proj=aeqd +lon_0={lon!r} +lat_0={lat!r} +R={EARTH_RADIUS_M!r} +units=m +no_defs")
    return Transformer.from_crs(sphere, local, always_xy=True)


@dataclass
class Seen:
    """A pass as shapely sees it."""

    along_m: float
    offset_m: float
    lateral_m: float


def independently(route: Route, lon: float, lat: float, max_offset_m: float) -> list[Seen] | None:
    """The passes of one place; None where a hair's breadth decides how many there are."""
    fine = route.cut(SAMPLE_M)
    x, y = plane(lon, lat).transform(*lon_lat(fine.positions))
    line, place = LineString(np.column_stack((x, y))), Point(0, 0)
    disc = place.buffer(max_offset_m, quad_segs=512)
    inside = line.intersection(disc)
    flat_m = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    away_m = np.hypot(x, y)
    turns = np.flatnonzero((away_m[1:-1] < away_m[:-2]) & (away_m[1:-1] <= away_m[2:])) + 1
    if np.any(np.abs(away_m[[0, *turns, -1]] - max_offset_m) < SAMPLE_M):
        return None
    parts = [part for part in getattr(inside, "geoms", [inside]) if part.length > 0]
    ends = sorted((line.project(Point(part.coords[0])), line.project(Point(part.coords[-1]))) for part in parts)
    stretches: list[list[float]] = []
    for begin, end in ends:
        away = begin - stretches[-1][1] if stretches else np.inf
        if abs(away - max_offset_m) < SAMPLE_M:
            return None
        if away <= max_offset_m:
            stretches[-1][1] = max(end, stretches[-1][1])
        else:
            stretches.append([begin, end])
    return [_nearest(line, flat_m, fine, stretch) for stretch in stretches]


def _nearest(line: LineString, flat_m: Floats, fine: Route, stretch: list[float]) -> Seen:
    place = Point(0, 0)
    at = stretch[0] + substring(line, *stretch).project(place)
    before, after = line.interpolate(max(at - 1, 0)), line.interpolate(min(at + 1, line.length))
    ahead = np.array([after.x - before.x, after.y - before.y])
    lateral_m = float((ahead[1] * before.x - ahead[0] * before.y) / np.hypot(*ahead))
    return Seen(float(np.interp(at, flat_m, fine.along_m)), line.interpolate(at).distance(place), lateral_m)


def everywhere(track: Track, lon: Floats, lat: Floats) -> Passes:
    """The passes with no boxes: every place with every piece."""
    pieces = np.unique(track.boxes().piece)
    piece, key = (grid.ravel() for grid in np.meshgrid(pieces, np.arange(len(lon))))
    return track.passes(piece, key, lon[key], lat[key])


def boxed(track: Track, lon: Floats, lat: Floats) -> Passes:
    """The passes by the boxes, as the database finds them."""
    boxes = track.boxes()
    within = (
        (boxes.west[:, None] <= lon) & (lon <= boxes.east[:, None])
        & (boxes.south[:, None] <= lat) & (lat <= boxes.north[:, None])
    )  # fmt: skip
    box, key = np.nonzero(within)
    return track.passes(boxes.piece[box], key, lon[key], lat[key])


def scattered(
    vertices: list[tuple[float, float]], spread_m: float, random: Random, count: int
) -> tuple[Floats, Floats]:
    """Places around a route."""
    places = []
    for _ in range(count):
        lon, lat = random.choice(vertices)
        xy = random.gauss(0, spread_m), random.gauss(0, spread_m)
        places.append(plane(lon, lat).transform(*xy, direction="INVERSE"))
    lon, lat = np.array(places).T
    return lon, lat


@pytest.mark.parametrize("max_offset_m", [50.0, 500.0, 5000.0])
@pytest.mark.parametrize("centre", CENTRES.values(), ids=CENTRES)
def test_passes_match_an_independent_computation(centre: tuple[float, float], max_offset_m: float) -> None:
    random = Random(int(max_offset_m))
    vertices = wiggly(centre, random)
    route = lay(vertices, speed_kmh=60)
    lon, lat = scattered(vertices, max_offset_m, random, 60)
    passes = boxed(Track(route, max_offset_m), lon, lat)
    checked = 0
    for key in range(len(lon)):
        seen = independently(route, float(lon[key]), float(lat[key]), max_offset_m)
        if seen is None:
            continue
        mine = [n for n in range(len(passes.key)) if passes.key[n] == key]
        assert len(mine) == len(seen), (key, seen)
        for n, other in zip(mine, seen, strict=True):
            # What its plane squeezes: a millionth at 5 km. And where a bend is round, many places are as near.
            assert passes.offset_m[n] == pytest.approx(other.offset_m, abs=0.02)
            if passes.along_m[n] != pytest.approx(other.along_m, abs=0.5):
                there = plane(lon[key], lat[key]).transform(*_degrees(route, other.along_m))
                assert np.hypot(*there) == pytest.approx(passes.offset_m[n], abs=0.02)
                continue
            assert passes.arrive_s[n] == pytest.approx(other.along_m / (60 / 3.6), abs=0.1)
            if min(abs(other.lateral_m), abs(passes.lateral_m[n])) > 2 * ON_ROUTE_M:
                assert passes.lateral_m[n] > 0 if other.lateral_m > 0 else passes.lateral_m[n] < 0
            checked += 1
    assert checked > 15


def _degrees(route: Route, along_m: float) -> tuple[float, float]:
    place, _ = route.at(along_m)
    return place.lon, place.lat


@pytest.mark.parametrize("max_offset_m", [1.0, 500.0, 5000.0])
@pytest.mark.parametrize("centre", CENTRES.values(), ids=CENTRES)
def test_the_boxes_contain_every_place_near_the_route(centre: tuple[float, float], max_offset_m: float) -> None:
    random = Random(7)
    vertices = wiggly(centre, random, legs=40, leg_m=8000)
    track = Track(lay(vertices, speed_kmh=60), max_offset_m)
    lon, lat = scattered(vertices, max_offset_m, random, 300)
    with_boxes, without = boxed(track, lon, lat), everywhere(track, lon, lat)
    assert len(without.key) > 100
    for mine, other in zip(with_boxes, without, strict=True):
        assert np.array_equal(mine, other)


def one(route: Route, lon: float, lat: float, max_offset_m: float = 500.0) -> Passes:
    return boxed(Track(route, max_offset_m), np.array([lon]), np.array([lat]))


NORTH = [(10.0, 0.0), (10.0, 0.2)]


@pytest.mark.parametrize(
    ("lon", "side"),
    [(9.999, "left"), (10.001, "right"), (10.0, "on"), (10.00008, "on"), (9.99992, "on"), (10.00010, "right")],
)
def test_a_place_is_left_or_right_of_the_route_or_on_it(lon: float, side: str) -> None:
    route = lay(NORTH, speed_kmh=50)
    assert one(route, lon, 0.1).sides() == [side]
    back = lay(NORTH[::-1], speed_kmh=50)
    assert one(back, lon, 0.1).sides() == [{"left": "right", "right": "left", "on": "on"}[side]]


def test_a_place_outside_a_sharp_bend_is_on_its_outer_side() -> None:
    # North, then back south-west: a left turn of 170 degrees; what stands before the bend is to its right.
    route = lay([(10.0, 0.0), (10.0, 0.1), (9.99, 0.0433)], speed_kmh=50)
    assert one(route, 9.9995, 0.102).sides() == ["right"]
    assert one(route, 10.002, 0.101).sides() == ["right"]
    mirrored = lay([(10.0, 0.0), (10.0, 0.1), (10.01, 0.0433)], speed_kmh=50)
    assert one(mirrored, 10.0005, 0.102).sides() == ["left"]


def test_out_and_back_passes_a_place_twice_on_either_side() -> None:
    route = lay([(10.0, 0.0), (10.0, 0.2), (10.0, 0.0)], speed_kmh=50)
    passes = one(route, 10.001, 0.05)
    assert passes.along_m.tolist() == pytest.approx([route.length_m / 8, route.length_m * 7 / 8])
    assert passes.sides() == ["right", "left"]


def test_at_the_turning_point_of_out_and_back_there_is_one_pass_and_its_first_chance() -> None:
    route = lay([(10.0, 0.0), (10.0, 0.2), (10.0, 0.0)], speed_kmh=50)
    passes = one(route, 10.001, 0.1985)
    assert passes.along_m.tolist() == pytest.approx([route.length_m / 2 * 0.1985 / 0.2])
    assert passes.sides() == ["right"]
    random = Random(2)
    for _ in range(100):  # on the way back it is as near, but for rounding
        start, turn = (10.0, 60.0), (10 + random.uniform(0.05, 0.2), 60 + random.uniform(0.05, 0.2))
        lon, lat = turn[0] - random.uniform(0, 0.002), turn[1] - random.uniform(0, 0.002)
        there = one(lay([start, turn], speed_kmh=50), lon, lat)
        back = one(lay([start, turn, start], speed_kmh=50), lon, lat)
        assert back.along_m.tolist() == pytest.approx(there.along_m.tolist(), abs=1e-3)


def test_a_loop_passes_its_start_again() -> None:
    route = lay([(10.0, 0.0), (10.0, 0.1), (10.1, 0.1), (10.1, 0.0), (10.0, 0.0)], speed_kmh=50)
    assert one(route, 10.001, 0.0).along_m.tolist() == pytest.approx(
        [EARTH_RADIUS_M * 0, route.length_m - 111.2], abs=1
    )


def test_a_bend_that_leaves_the_disc_briefly_is_one_pass() -> None:
    def bulging(by_deg: float) -> Passes:
        # Past the place at 300 m, out in a bulge, and past it again.
        bend = [(10.0, 0.0), (10.0, 0.05), (10.0 - by_deg, 0.0503), (10.0, 0.0506), (10.0, 0.1)]
        return one(lay(bend, speed_kmh=50), 10.0027, 0.0503)

    assert len(bulging(0.003).key) == 1  # 630 m off, away for 300 m
    assert len(bulging(0.006).key) == 2  # 970 m off, away for 900 m


def test_a_route_that_stays_near_a_place_passes_it_once() -> None:
    # A mountain road to and fro, ten kilometres of it within 400 m of the place.
    zigzag = [(10.0 + 0.003 * (n % 2), 0.05 + n * 0.00015) for n in range(30)]
    passes = one(lay([(10.0, 0.0), *zigzag, (10.0, 0.2)], speed_kmh=20), 10.0015, 0.0522)
    assert len(passes.key) == 1
    assert passes.offset_m[0] < 20


def test_no_pass_is_lost_across_the_antimeridian() -> None:
    route = lay([(179.9, -17.0), (-179.9, -17.0)], speed_kmh=50)
    lon, lat = np.array([179.999, -179.999, 180.0, -180.0]), np.full(4, -17.001)
    passes = boxed(Track(route, 500.0), lon, lat)
    assert sorted(passes.key.tolist()) == [0, 1, 2, 3]
    assert set(passes.sides()) == {"right"}
    boxes = Track(route, 500.0).boxes()
    assert (boxes.east - boxes.west).max() < 0.1  # none that goes the long way round


def test_no_pass_is_lost_over_the_pole() -> None:
    route = lay([(0.0, 89.9), (180.0, 89.9)], speed_kmh=50)
    passes = boxed(Track(route, 500.0), np.array([-90.0, 90.0, 0.0]), np.array([89.998, 89.998, 90.0]))
    offset_m = dict(zip(passes.key.tolist(), passes.offset_m.tolist(), strict=True))
    assert offset_m == pytest.approx({0: 222.4, 1: 222.4, 2: 0.0}, abs=0.1)
    assert dict(zip(passes.key.tolist(), passes.sides(), strict=True)) == {0: "left", 1: "right", 2: "on"}


def test_a_route_without_places_near_it_has_no_passes() -> None:
    assert len(one(lay(NORTH, speed_kmh=50), 11.0, 0.1).key) == 0


def test_a_stop_is_reached_at_the_time_given_for_its_segment() -> None:
    route = lay([(10.0, 0.0), (10.0, 0.1), (10.0, 0.1), (10.0, 0.2)], times_s=[0, 1000, 4600, 5000])
    assert one(route, 10.001, 0.05).arrive_s.tolist() == pytest.approx([500], abs=1e-3)
    assert one(route, 10.001, 0.15).arrive_s.tolist() == pytest.approx([4800], abs=1e-3)
