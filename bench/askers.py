"""Where the askers of a measurement stand, and what they send: the same points for every server and the database."""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import asin, cos, degrees, radians, sin
from random import Random
from typing import NamedTuple

from sqlalchemy import text

from bench.row import NotMeasured
from bench.world import AS_OF
from geo.coordinates import EARTH_RADIUS_M, Point
from geo.database import Session
from geo.facilities import search

K = 20
"""Facilities of an answer."""

OFFSET_DEG = 0.005
"""Standard deviation of how far an asker stands from a facility: some hundred metres, as in a city."""

RADIUS_M = 50_000
"""How far they look: so far that the K nearest lie within in a thin world too. The search begins where the K nearest
stand, whatever the radius, so that in a dense one it costs nothing."""

ANY_KIND = search.Needs(kinds=None)
"""What they ask for: all of the world, as the bare queries that it is compared with."""

CANDIDATES = 5_000
"""Places tried at most: a world where fewer than enough of them have K facilities around is too thin to measure."""

ROUNDING_M = 1.0
"""More than six decimals of a degree can lose."""


class Asker(NamedTuple):
    """Somebody with at least K facilities around.

    Attributes:
        origin: where it stands, as its request writes it.
        reach_m: distance of the farthest facility of its answer.
    """

    origin: Point
    reach_m: float

    @property
    def path(self) -> str:
        """Its request to the API."""
        place = f"lat={self.origin.lat:.6f}&lon={self.origin.lon:.6f}"
        return f"/v1/facilities?{place}&radius_m={RADIUS_M}&kind=any&limit={K}"

    @property
    def query(self) -> search.NearbyQuery:
        """The same request to the search."""
        return search.NearbyQuery(self.origin, AS_OF, RADIUS_M, K, ANY_KIND)

    @property
    def bbox(self) -> str:
        """The square around it that its whole answer stands in: west,south,east,north in degrees."""
        reach = (self.reach_m + ROUNDING_M) / EARTH_RADIUS_M
        # The widest meridian distance of a circle on a sphere.
        half_height, half_width = degrees(reach), degrees(asin(sin(reach) / cos(radians(self.origin.lat))))
        west, east = self.origin.lon - half_width, self.origin.lon + half_width
        return f"{west:.6f},{self.origin.lat - half_height:.6f},{east:.6f},{self.origin.lat + half_height:.6f}"


def find(session: Session, count: int) -> Sequence[Asker]:
    """Askers near facilities, as near cities, each with K facilities around; the same for the same world.

    Raises:
        NotMeasured: there are not so many.
    """
    found = list(islice(_well_served(session), count))
    if len(found) < count:
        raise NotMeasured(
            f"only {len(found)} of the {count} askers have {K} facilities around: take --facilities 100000 or more"
        )
    return found


def _well_served(session: Session) -> Iterator[Asker]:
    random = Random(2)  # noqa: S311 - a measurement, not a secret
    # By id: the same places on every machine, whatever order the table has on disk. Away from the antimeridian and the
    # poles, so that a box is one box.
    places = session.execute(
        text(
            """SELECT ST_X(location), ST_Y(location) FROM facility
               WHERE id % 7 = 0 AND abs(ST_X(location)) < 179 AND abs(ST_Y(location)) < 80 ORDER BY id"""
        )
    ).all()
    for lon, lat in random.sample(places, min(CANDIDATES, len(places))):
        asker = Asker(Point(*(round(axis + random.gauss(0, OFFSET_DEG), 6) for axis in (lon, lat))), 0)
        found = search.nearby(session, asker.query)
        if len(found.facilities) == K and not found.widened:
            yield asker._replace(reach_m=max(facility.distance_m or 0 for facility in found.facilities))
