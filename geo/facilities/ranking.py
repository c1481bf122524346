"""Which of two facilities to offer first, and how far off a better one can still be.

``U = (q - kappa * sd) - beta * distance_km``: stars that are sure enough, less what the way there costs.
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
"""The best quality there is: no utility exceeds it, which bounds the search."""

WIDEST_M = 100_000.0
"""How far a search that finds nothing within its radius looks, in metres: more than an hour's drive helps nobody."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What stars and distance are worth against each other.

    Attributes:
        kappa: how many standard deviations of doubt to take off the quality.
        beta_stars_per_km: stars that a kilometre in a straight line costs; above 0.
        quality_weight: 1, or 0 where distance alone counts.
    """

    kappa: float
    beta_stars_per_km: float
    quality_weight: float = 1.0


RANKINGS: dict[tuple[Rank, Mode], Ranking] = {
    # 250 m further on foot for one star more; a car goes eight times as far in the same time, lights and all.
    ("balanced", "walk"): Ranking(kappa=0.5, beta_stars_per_km=4.0),
    ("balanced", "drive"): Ranking(kappa=0.5, beta_stars_per_km=0.5),
    # A kilometre for one star more. To take off more doubt than in balanced spares a dirty visit in three hundred, and
    # each of those costs the other visitors six stars (docs/ranking-quality.md).
    ("cleanliness", "walk"): Ranking(kappa=0.5, beta_stars_per_km=1.0),
    ("cleanliness", "drive"): Ranking(kappa=0.5, beta_stars_per_km=0.125),
    # Utility is the distance alone; any beta above 0 gives the same order.
    ("distance", "walk"): Ranking(kappa=0.0, beta_stars_per_km=1.0, quality_weight=0.0),
    ("distance", "drive"): Ranking(kappa=0.0, beta_stars_per_km=1.0, quality_weight=0.0),
}
"""What a star is worth in metres is a choice; each kappa is one that no other beat both on foot and by car in simulated
towns (`make bench-ranking`, docs/ranking-quality.md)."""

SPEED_M_PER_S: dict[Mode, float] = {
    # Comfortable gait of the slowest, women in their seventies: Bohannon, Age and Ageing 26, 1997, p. 15.
    "walk": 1.272,
    # 34 km/h: mean of the North American city driving cycle, stops included (Natural Resources Canada).
    "drive": 34 / 3.6,
}
"""How fast people get on along their path, so that nobody arrives later than they were told."""

CIRCUITY: dict[Mode, float] = {
    # Between random points of a city: Newell, Traffic Flow on Transportation Networks, 1980.
    "walk": 1.2,
    # Wang, Bette, Schreckenberg, Guhr: How much longer do you have to drive than the crow has to fly? 2024.
    "drive": 1.3,
}
"""Length of the path over the straight line."""


def utility(q: float, sd: float, distance_km: float, ranking: Ranking) -> float:
    """Weigh a facility; the greatest utility is offered first, ties by id.

    Args:
        q: quality in stars.
        sd: its standard deviation in stars.
        distance_km: in a straight line on the sphere.
        ranking: of RANKINGS.

    Returns:
        Stars.
    """
    sure_stars = q - ranking.kappa * sd
    return ranking.quality_weight * sure_stars - ranking.beta_stars_per_km * distance_km


def reach_km(kth_utility: float, ranking: Ranking) -> float:
    """Tell beyond which distance nothing is better than the k-th best facility known so far."""
    return (MAX_STARS * ranking.quality_weight - kth_utility) / ranking.beta_stars_per_km


def duration_s(distance_m: float, mode: Mode) -> float:
    """Estimate the time to cover a straight-line distance."""
    return distance_m * CIRCUITY[mode] / SPEED_M_PER_S[mode]


def distance_m(a: Point, b: Point) -> float:
    """Measure the great circle between two points by the haversine formula, as ST_DistanceSphere does."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    haversine = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(haversine)))
