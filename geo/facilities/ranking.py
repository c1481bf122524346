"""The ranking of facilities by utility, and the bound of the search distance.

``U = (q - kappa * sd) - beta * distance_km``: quality minus its uncertainty and the cost of the distance.
"""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Literal, get_args

from geo.coordinates import EARTH_RADIUS_M, Point

Rank = Literal["balanced", "cleanliness", "distance"]
Mode = Literal["walk", "drive"]

RANKS: tuple[Rank, ...] = get_args(Rank)
MODES: tuple[Mode, ...] = get_args(Mode)

MAX_STARS = 5.0
"""Maximum quality, which bounds utility and thereby the search."""

MOST_LOOKED_AT = 50_000
"""Maximum number of listed facilities in the area of one request, whether they meet its needs or not: to judge as many
takes 100 ms of CPU. All public toilets of France that OpenStreetMap knows are fewer."""

UNCOUNTED_M = 2_000.0
"""Radius of a disc that is searched without counting: the densest city in OpenStreetMap has some hundreds in it."""

TOO_MANY_FACILITIES = "BF001"
"""SQLSTATE of a search whose area contains more; PostgreSQL uses no class BF."""

WIDEST_M = 100_000.0
"""Maximum distance of a widened search, in metres: more than an hour's drive."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weights of quality and distance.

    Attributes:
        kappa: number of standard deviations to subtract from the quality.
        beta_stars_per_km: cost of a kilometre in a straight line, in stars; greater than 0.
        quality_weight: 1, or 0 if only distance counts.
    """

    kappa: float
    beta_stars_per_km: float
    quality_weight: float = 1.0


RANKINGS: dict[tuple[Rank, Mode], Ranking] = {
    # 250 m further on foot for one star more; a car goes eight times as far in the same time. Subtracting doubt would
    # cost visitors 2 to 4 stars for each dirty visit that it avoids (docs/ranking-quality.md).
    ("balanced", "walk"): Ranking(kappa=0.0, beta_stars_per_km=4.0),
    ("balanced", "drive"): Ranking(kappa=0.0, beta_stars_per_km=0.5),
    # A kilometre for one star more. Half a standard deviation avoids one or two dirty visits in a thousand.
    ("cleanliness", "walk"): Ranking(kappa=0.5, beta_stars_per_km=1.0),
    ("cleanliness", "drive"): Ranking(kappa=0.5, beta_stars_per_km=0.125),
    # Only the distance counts; any beta greater than 0 gives the same order.
    ("distance", "walk"): Ranking(kappa=0.0, beta_stars_per_km=1.0, quality_weight=0.0),
    ("distance", "drive"): Ranking(kappa=0.0, beta_stars_per_km=1.0, quality_weight=0.0),
}
"""The metres per star are a choice. No other kappa was better both on foot and by car in simulated towns
(`make bench-ranking`, docs/ranking-quality.md)."""

SPEED_M_PER_S: dict[Mode, float] = {
    # Comfortable gait of the slowest group, women in their seventies: Bohannon, Age and Ageing 26, 1997, p. 15.
    "walk": 1.272,
    # 34 km/h: mean of the North American city driving cycle, stops included (Natural Resources Canada).
    "drive": 34 / 3.6,
}
"""Speed along the path, chosen so that people do not arrive later than announced."""

CIRCUITY: dict[Mode, float] = {
    # Between random points of a city: Newell, Traffic Flow on Transportation Networks, 1980.
    "walk": 1.2,
    # Wang, Bette, Schreckenberg, Guhr: How much longer do you have to drive than the crow has to fly? 2024.
    "drive": 1.3,
}
"""Ratio of path length to straight-line distance."""


def duration_s(distance_m: float, mode: Mode) -> float:
    """Return the estimated travel time for a straight-line distance."""
    return distance_m * CIRCUITY[mode] / SPEED_M_PER_S[mode]


def distance_m(a: Point, b: Point) -> float:
    """Return the great-circle distance by the haversine formula, as ST_DistanceSphere does."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    haversine = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(haversine)))
