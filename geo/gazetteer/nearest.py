"""The nearest named streets of points, in one statement."""

from collections.abc import Sequence
from typing import NamedTuple

from geo.coordinates import Point
from geo.database import Session
from geo.rows import driver_rows, driver_text

STREET_WITHIN_M = 150
"""How far a street may be from what is described by its name: beyond a block of houses, the name misleads."""

_NEAREST = driver_text(
    """
    SELECT number, name, distance_m, (
        SELECT json_agg(json_build_object('attribution', attribution, 'licence', licence, 'url', url))
        FROM gazetteer_dataset
    )::text
    FROM facility_search.nearest_streets(
        ARRAY(
            SELECT facility_search.point(lon, lat)
            FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS asked (lon, lat, number)
            ORDER BY number
        ),
        :within_m
    )
    """
)


class NearestStreet(NamedTuple):
    """A named street.

    Attributes:
        name: its name.
        distance_m: its distance from the point that was asked about.
        terms: a JSON array of the attribution, licence and url of each imported gazetteer. An answer that contains the
            name must contain them.
    """

    name: str
    distance_m: float
    terms: str


class _Row(NamedTuple):
    number: int
    name: str
    distance_m: float
    terms: str


def streets(
    session: Session, origins: Sequence[Point], within_m: float = STREET_WITHIN_M
) -> list[NearestStreet | None]:
    """Return the nearest named street of each point, in the order of the points.

    Args:
        session: any session.
        origins: WGS84 points, also none.
        within_m: the maximum distance from a point to its street.

    Returns:
        One item for each point; None if no named street passes within the distance.
    """
    if not origins:
        return []
    parameters = {
        "lons": [origin.lon for origin in origins],
        "lats": [origin.lat for origin in origins],
        "within_m": within_m,
    }
    nearest: list[NearestStreet | None] = [None] * len(origins)
    for row in driver_rows(session, _NEAREST, parameters, _Row):
        nearest[row.number - 1] = NearestStreet(row.name, row.distance_m, row.terms)
    return nearest
