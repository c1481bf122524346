"""Asking for facilities: nearby, in a box, or one. The ranking is in geo/sql/30_search.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from geo.coordinates import SRID_WGS84, BoundingBox, Point
from geo.database import Row, Session, driver_rows, driver_text
from geo.errors import FacilityNotFound
from geo.facilities.attributes import UNKNOWN, offered, ruled_out
from geo.facilities.models import Facility
from geo.facilities.ranking import RANKINGS, Mode, Rank, Ranking, duration_s

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
            distance of the nearest facility that meets the needs, at most to WIDEST_M.
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
        facilities: rows of ``facility_search.cards`` with the columns of _CARD, best first.
        data_version: see ``geo.database.data_version``.
        nearest_m: if the search was widened, the distance in metres of the nearest facility that meets the needs,
            otherwise None.
    """

    facilities: Sequence[Row]
    data_version: str
    nearest_m: float | None = None

    @property
    def widened(self) -> bool:
        """Whether no facility lies within the radius, so that the results lie outside it."""
        return self.nearest_m is not None


NEEDS_SQL = """(:offered, :ruled_out, CAST(:verdicts AS text[]), CAST(:open_states AS text[]),
    CAST(:open_at AS timestamptz), :open_on_arrival)::facility_search.needs"""

RANKING_SQL = "(:quality_weight, :kappa, :beta_per_m, :seconds_per_m)::facility_search.ranking"
"""SQL: the composite arguments of facility_search's functions. needs_parameters and ranking_parameters fill them."""

_CARD = "card.id, card.distance_m, card.quality, card.sd, card.utility, card.status, card.feature, card.terms"
"""Columns of the results: only those used, because each costs time for each facility."""

_NEARBY = driver_text(
    f"""
    SELECT pg_current_snapshot()::text AS data_version, nearby.nearest_m, {_CARD}
    FROM (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), {SRID_WGS84}) AS origin, {NEEDS_SQL} AS needs,
                 {RANKING_SQL} AS ranking, CAST(:as_of AS timestamptz) AS as_of OFFSET 0) AS asked
    CROSS JOIN facility_search.nearby(
        asked.origin, :radius_m, asked.needs, asked.ranking, asked.as_of, :limit) AS nearby
    LEFT JOIN facility_search.cards(
        nearby.best, asked.origin, asked.needs, asked.ranking, asked.as_of) AS card ON true
    """  # noqa: S608 - joined from constants of this file
)

_IN_BOX = driver_text(
    f"""
    SELECT pg_current_snapshot()::text AS data_version, {_CARD}
    FROM (SELECT {NEEDS_SQL} AS needs, {RANKING_SQL} AS ranking) AS asked
    LEFT JOIN LATERAL facility_search.cards(
        ARRAY(SELECT best FROM facility_search.best_within(
            (ST_MakeEnvelope(:west_1, :south, :east_1, :north, {SRID_WGS84}),
             ST_MakeEnvelope(:west_2, :south, :east_2, :north, {SRID_WGS84}))::facility_search.boxes,
            NULL, NULL, asked.needs, asked.ranking, :as_of, :limit) AS best),
        NULL, asked.needs, asked.ranking, :as_of) AS card ON true
    """  # noqa: S608 - joined from constants of this file
)

_ONE = driver_text(
    f"""
    SELECT pg_current_snapshot()::text AS data_version, {_CARD}
    FROM facility_search.cards(
        ARRAY(SELECT one FROM facility_search.one(:facility_id, :as_of) AS one),
        NULL, {NEEDS_SQL}, {RANKING_SQL}, :as_of) AS card
    """  # noqa: S608 - joined from constants of this file
)


def nearby(session: Session, query: NearbyQuery) -> Found:
    """Return the exact best facilities for the query, in one statement."""
    parameters = {
        "lon": query.origin.lon,
        "lat": query.origin.lat,
        "radius_m": query.radius_m,
        "limit": query.limit,
        **needs_parameters(query.needs),
        **ranking_parameters(RANKINGS[query.rank, query.mode], query.mode),
        "as_of": query.as_of,
    }
    return _found(driver_rows(session, _NEARBY, parameters))


def in_box(session: Session, query: BoxQuery) -> Found:
    """Return the exact best facilities in the box, in one statement. They have no distance."""
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
        **needs_parameters(query.needs),
        **ranking_parameters(RANKINGS[query.rank, "walk"], "walk"),
        "as_of": query.as_of,
    }
    return _found(driver_rows(session, _IN_BOX, parameters))


def one(session: Session, facility_id: int, as_of: datetime) -> Found:
    """Return one facility.

    Raises:
        FacilityNotFound: the facility does not exist or is hidden.
    """
    parameters = {
        "facility_id": facility_id,
        **needs_parameters(Needs()),
        **ranking_parameters(RANKINGS["balanced", "walk"], "walk"),
        "as_of": as_of,
    }
    rows = driver_rows(session, _ONE, parameters)
    if not rows:
        raise FacilityNotFound(facility_id)
    return Found(rows, rows[0]["data_version"])


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


def _found(rows: Sequence[Row]) -> Found:
    """Return the result from rows. Without results there is one row without a facility."""
    facilities = [row for row in rows if row["id"] is not None]
    return Found(facilities, rows[0]["data_version"], rows[0].get("nearest_m"))


def needs_parameters(needs: Needs) -> Mapping[str, Any]:
    """Return the parameters of NEEDS_SQL."""
    return {
        "offered": offered(needs.kinds),
        "ruled_out": ruled_out({**DEFAULT_ACCEPTED, **needs.accepted}),
        "verdicts": needs.verdicts and list(needs.verdicts),
        "open_states": needs.open_states and list(needs.open_states),
        "open_at": needs.open_at,
        "open_on_arrival": needs.open_on_arrival,
    }


def ranking_parameters(ranking: Ranking, mode: Mode) -> Mapping[str, float]:
    """Return the parameters of RANKING_SQL."""
    return {
        "quality_weight": ranking.quality_weight,
        "kappa": ranking.kappa,
        "beta_per_m": ranking.beta_stars_per_km / 1000,
        "seconds_per_m": duration_s(1, mode),
    }
