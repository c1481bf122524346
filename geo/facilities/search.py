"""Asking for facilities: nearby, in a box, or one. The ranking is in geo/sql/30_search.sql."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import psycopg2
from sqlalchemy import select

from geo.coordinates import BoundingBox, Point
from geo.database import Session
from geo.errors import AreaTooLarge
from geo.facilities import merged
from geo.facilities.attributes import UNKNOWN, offered, ruled_out
from geo.facilities.cards import Answer, FoundFacility
from geo.facilities.models import Facility
from geo.facilities.ranking import (
    MOST_LOOKED_AT,
    RANKINGS,
    TOO_MANY_FACILITIES,
    Mode,
    Rank,
    duration_s,
)
from geo.rows import driver_pairs, driver_text

DEFAULT_KINDS = ("toilets",)
"""Default kinds of a search."""

DEFAULT_ACCEPTED: Mapping[str, tuple[str, ...]] = {"access": ("public", "customers", "key", UNKNOWN)}
"""Default accepted values of attributes: private facilities are excluded."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The requirements for a facility; None means no requirement.

    Attributes:
        kinds: it offers at least one of these kinds; None for any.
        accepted: accepted values by attribute name, with or without UNKNOWN. For other attributes DEFAULT_ACCEPTED
            applies, or else any value.
        verdicts: accepted verdicts.
        open_states: accepted states (``open``, ``closed``, ``unknown``) at the time given by the next two fields.
        open_at: the instant; None for the instant of the request.
        open_on_arrival: use the arrival instead: the instant of the request plus the travel time.
    """

    kinds: tuple[str, ...] | None = DEFAULT_KINDS
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verdicts: tuple[str, ...] | None = None
    open_states: tuple[str, ...] | None = None
    open_at: datetime | None = None
    open_on_arrival: bool = False


@dataclass(frozen=True, slots=True)
class NearbyQuery:
    """A search for the best facilities near a point.

    Attributes:
        origin: the position to search from.
        as_of: the instant that quality and opening hours refer to.
        radius_m: search radius in metres on the sphere. If no facility lies within it, the search widens to twice the
            distance of the nearest facility that meets the needs, at most to WIDEST_M and to
            MOST_LOOKED_AT facilities.
        limit: maximum number of facilities.
    """

    origin: Point
    as_of: datetime
    radius_m: float = 2000
    limit: int = 20
    needs: Needs = field(default_factory=Needs)
    rank: Rank = "balanced"
    mode: Mode = "walk"


@dataclass(frozen=True, slots=True)
class BoxQuery:
    """A search for the best facilities in a box, by quality and its uncertainty only.

    Attributes:
        bbox: the box.
        as_of, limit, needs, rank: as in NearbyQuery.
    """

    bbox: BoundingBox
    as_of: datetime
    limit: int = 20
    needs: Needs = field(default_factory=Needs)
    rank: Rank = "balanced"


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    Attributes:
        facilities: the facilities, best first.
        data_version: see ``geo.rows.data_version``.
        nearest_m: if the search was widened, the distance in metres of the nearest facility that meets the needs,
            otherwise None.
    """

    facilities: Sequence[FoundFacility]
    data_version: str
    nearest_m: float | None = None

    @property
    def widened(self) -> bool:
        """Whether no facility lies within the radius, so that the results lie outside it."""
        return self.nearest_m is not None


class NeedsParameter(NamedTuple):
    """A parameter of the type ``facility_search.needs``: the same fields in the same order."""

    offered: int
    ruled_out: int
    verdicts: list[str] | None
    open_states: list[str] | None
    open_at: datetime | None
    open_on_arrival: bool


class RankingParameter(NamedTuple):
    """A parameter of the type ``facility_search.ranking``: the same fields in the same order."""

    quality_weight: float
    kappa: float
    beta_per_m: float
    seconds_per_m: float


_NEARBY = driver_text(
    """
    SELECT * FROM facility_search.found_nearby(
        facility_search.point(:lon, :lat), :radius_m, CAST(:needs AS facility_search.needs),
        CAST(:ranking AS facility_search.ranking), :as_of, :limit)
    """
)

_IN_BOX = driver_text(
    """
    SELECT * FROM facility_search.found_in_boxes(
        (ST_MakeEnvelope(:west_1, :south, :east_1, :north, 4326),
         ST_MakeEnvelope(:west_2, :south, :east_2, :north, 4326))::facility_search.boxes,
        CAST(:needs AS facility_search.needs), CAST(:ranking AS facility_search.ranking), :as_of, :limit)
    """
)

_ONE = driver_text(
    """
    SELECT * FROM facility_search.found_one(
        :facility_id, CAST(:needs AS facility_search.needs), CAST(:ranking AS facility_search.ranking), :as_of)
    """
)


def nearby(session: Session, query: NearbyQuery) -> Found:
    """Return the exact best facilities for the query, in one statement.

    Raises:
        AreaTooLarge: more than MOST_LOOKED_AT facilities lie as near as the best may.
    """
    parameters = {
        "lon": query.origin.lon,
        "lat": query.origin.lat,
        "radius_m": query.radius_m,
        "limit": query.limit,
        "needs": needs_parameter(query.needs),
        "ranking": ranking_parameter(query.rank, query.mode),
        "as_of": query.as_of,
    }
    with naming("radius_m"):
        return _found(session, _NEARBY, parameters)


def in_box(session: Session, query: BoxQuery) -> Found:
    """Return the exact best facilities in the box, in one statement. They have no distance.

    Raises:
        AreaTooLarge: more than MOST_LOOKED_AT facilities lie in the box.
    """
    box = query.bbox
    crosses_antimeridian = box.west > box.east
    parameters = {
        "west_1": box.west,
        "east_1": 180 if crosses_antimeridian else box.east,
        "west_2": -180 if crosses_antimeridian else None,
        "east_2": box.east if crosses_antimeridian else None,
        "south": box.south,
        "north": box.north,
        "limit": query.limit,
        "needs": needs_parameter(query.needs),
        "ranking": ranking_parameter(query.rank, "walk"),
        "as_of": query.as_of,
    }
    with naming("bbox"):
        return _found(session, _IN_BOX, parameters)


def one(session: Session, facility_id: int, as_of: datetime) -> Found:
    """Return one facility.

    Raises:
        FacilityMerged: the facility was merged into another one.
        FacilityNotFound: the facility does not exist or is hidden.
    """
    parameters = {
        "facility_id": facility_id,
        "needs": needs_parameter(Needs()),
        "ranking": ranking_parameter("balanced", "walk"),
        "as_of": as_of,
    }
    found = _found(session, _ONE, parameters)
    if not found.facilities:
        merged.refuse_unseen(session, facility_id)
    return found


def any_offered(session: Session, kinds: tuple[str, ...] | None) -> int | None:
    """Return the id of an active facility of these kinds, always the same while it is active; None if there is none.

    Args:
        session: any session.
        kinds: it offers at least one of these kinds; None for any.
    """
    return session.execute(
        select(Facility.id)
        .where(Facility.status == "active", Facility.traits.bitwise_and(offered(kinds)) != 0)
        .order_by(Facility.id)
        .limit(1)
    ).scalar_one_or_none()


@contextmanager
def naming(parameter: str) -> Iterator[None]:
    """Name the parameter that determines the area of a statement.

    Raises:
        AreaTooLarge: the statement was refused by facility_search.refuse_area.
    """
    try:
        yield
    except psycopg2.Error as error:
        if error.pgcode == TOO_MANY_FACILITIES:
            raise AreaTooLarge(parameter, MOST_LOOKED_AT) from error
        raise


def _found(session: Session, statement: str, parameters: Mapping[str, Any]) -> Found:
    """Run a statement that returns rows of facility_search.found."""
    pairs = driver_pairs(session, statement, parameters, Answer, FoundFacility)
    answer = pairs[0][0]
    return Found([facility for _, facility in pairs if facility is not None], answer.data_version, answer.nearest_m)


def needs_parameter(needs: Needs) -> NeedsParameter:
    """Return needs as a parameter of a statement."""
    return NeedsParameter(
        offered(needs.kinds),
        ruled_out({**DEFAULT_ACCEPTED, **needs.accepted}),
        None if needs.verdicts is None else list(needs.verdicts),
        None if needs.open_states is None else list(needs.open_states),
        needs.open_at,
        needs.open_on_arrival,
    )


def ranking_parameter(rank: Rank, mode: Mode) -> RankingParameter:
    """Return the weights of a rank and a travel mode as a parameter of a statement."""
    ranking = RANKINGS[rank, mode]
    return RankingParameter(
        ranking.quality_weight, ranking.kappa, ranking.beta_stars_per_km / 1000, duration_s(1, mode)
    )
