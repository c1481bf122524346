"""A route as a value: its length, its times, its places, and what is no route."""

from math import nan

import numpy as np
import pytest
from pyproj import Geod

from geo.ahead.timed_route import MAX_VERTICES, lay, lon_lat
from geo.coordinates import EARTH_RADIUS_M
from geo.errors import InvalidCoordinates, InvalidRoute

SPHERE = Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M)
SPHEROID = Geod(ellps="WGS84")
SPHERE_ERROR = 0.0056
"""A distance on the mean sphere is at most this share off the one on the spheroid."""

ROUTES = {
    "Helsinki to Lahti": [(24.9384, 60.1699), (25.0411, 60.2934), (25.6612, 60.9827)],
    "across the antimeridian": [(179.2, -16.5), (179.9, -16.8), (-179.7, -16.9), (-179.1, -16.2)],
    "over the pole": [(20.0, 88.0), (24.0, 89.7), (-150.0, 89.5), (-156.0, 88.2)],
    "along the equator": [(-0.5, 0.0), (0.0, 0.0), (0.7, 0.0)],
}


@pytest.mark.parametrize("vertices", ROUTES.values(), ids=ROUTES)
def test_lengths_match_an_independent_computation(vertices: list[tuple[float, float]]) -> None:
    route = lay(vertices, speed_kmh=80)
    lons, lats = zip(*vertices, strict=True)
    assert route.length_m == pytest.approx(SPHERE.line_length(lons, lats), abs=1e-3)
    assert route.length_m == pytest.approx(SPHEROID.line_length(lons, lats), rel=SPHERE_ERROR)
    assert route.duration_s == pytest.approx(route.length_m / (80 / 3.6))


@pytest.mark.parametrize("vertices", ROUTES.values(), ids=ROUTES)
def test_positions_along_the_route_match_an_independent_computation(vertices: list[tuple[float, float]]) -> None:
    route = lay(vertices, speed_kmh=80)
    azimuth, _, leg_m = SPHERE.inv(*vertices[1], *vertices[2])
    lon, lat, _ = SPHERE.fwd(*vertices[1], azimuth, leg_m * 0.3)
    place, after_s = route.at(route.along_m[1] + leg_m * 0.3)
    assert SPHERE.inv(lon, lat, place.lon, place.lat)[2] < 1e-3
    assert after_s == pytest.approx((route.along_m[1] + leg_m * 0.3) / (80 / 3.6))


def test_a_route_in_pieces_has_the_same_points_and_times() -> None:
    route = lay(ROUTES["over the pole"], times_s=[0, 3000, 9000, 9500])
    cut = route.cut(1000)
    assert np.diff(cut.along_m).max() <= 1000 + 1e-6
    assert cut.length_m == route.length_m
    assert cut.duration_s == route.duration_s
    for along_m in np.linspace(0, route.length_m, 50):
        (there, then), (place, after_s) = route.at(along_m), cut.at(along_m)
        assert SPHERE.inv(there.lon, there.lat, place.lon, place.lat)[2] < 1e-3
        assert after_s == pytest.approx(then, abs=1e-6)
    lon, lat = lon_lat(cut.positions[:-1])
    on_lon, on_lat = lon_lat(cut.positions[1:])
    assert np.allclose(SPHERE.inv(lon, lat, on_lon, on_lat)[2], np.diff(cut.along_m), atol=1e-3)


def test_a_duration_is_spread_evenly() -> None:
    route = lay([(0, 0), (0, 1), (0, 4)], duration_s=4000)
    assert route.ends_s.tolist() == pytest.approx([1000, 4000])


def test_a_rest_at_a_repeated_point_delays_the_following_points() -> None:
    route = lay([(0, 0), (0, 0.1), (0, 0.1), (0, 0.2)], times_s=[0, 600, 1800, 2400])
    assert len(route.along_m) == 3
    assert route.at(route.along_m[1])[1] == 600
    assert route.at(route.along_m[1] + 0.01)[1] == pytest.approx(1800, abs=0.01)
    assert route.duration_s == 2400


def test_repeated_points_are_collapsed() -> None:
    route = lay([(0, 0), (0, 0), (0, 1), (0, 1), (0, 1), (0, 2), (0, 2)], speed_kmh=50)
    assert route.along_m.tolist() == lay([(0, 0), (0, 1), (0, 2)], speed_kmh=50).along_m.tolist()


@pytest.mark.parametrize(
    ("vertices", "pace", "part", "fault"),
    [
        ([], {"speed_kmh": 50}, "line", "two points"),
        ([(0, 0)], {"speed_kmh": 50}, "line", "two points"),
        ([(5, 5)] * 9, {"speed_kmh": 50}, "line", "needs two distinct points"),
        ([(0, 0), (0, 18.1)], {"speed_kmh": 50}, "line", "2013 km long"),
        ([(0, i / 1e6) for i in range(MAX_VERTICES + 1)], {"speed_kmh": 50}, "line", "20001 points"),
        ([(0, 0), (0, 1)], {"speed_kmh": 0}, "speed_kmh", "duration of inf s"),
        ([(0, 0), (0, 17)], {"speed_kmh": 1}, "speed_kmh", "the maximum is 1209600 s"),
        ([(0, 0), (0, 1)], {"duration_s": 0}, "duration_s", "duration of 0 s"),
        ([(0, 0), (0, 1)], {"duration_s": nan}, "duration_s", "duration of nan s"),
        ([(0, 0), (0, 1)], {"times_s": [0]}, "times_s", "1 times for 2 points"),
        ([(0, 0), (0, 1)], {"times_s": [1, 2]}, "times_s", "start with 0"),
        ([(0, 0), (0, 1)], {"times_s": [0, nan]}, "times_s", "start with 0"),
        ([(0, 0), (0, 1), (0, 2)], {"times_s": [0, 5, 5]}, "times_s", "not at 2"),
        ([(0, 0), (0, 1), (0, 1)], {"times_s": [0, 5, 4]}, "times_s", "not at 2"),
        ([(0, 0), (0, 1)], {"times_s": [0, 1.3e6]}, "times_s", "the maximum is"),
    ],
)
def test_an_invalid_route_is_refused(
    vertices: list[tuple[float, float]], pace: dict[str, float], part: str, fault: str
) -> None:
    with pytest.raises(InvalidRoute, match=fault) as caught:
        lay(vertices, **pace)  # type: ignore[arg-type]  # one of several
    assert caught.value.part == part


@pytest.mark.parametrize("vertex", [(181, 0), (0, 91), (nan, 0), (0, nan), (float("inf"), 0)])
def test_a_vertex_with_invalid_coordinates_is_refused(vertex: tuple[float, float]) -> None:
    with pytest.raises(InvalidCoordinates):
        lay([(0, 0), vertex, (1, 1)], speed_kmh=50)
