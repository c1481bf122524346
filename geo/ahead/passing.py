"""Queries the facilities that a route passes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.ahead.passes import Passes, Track, too_many
from geo.coordinates import Point
from geo.database import Session
from geo.errors import AreaTooLarge
from geo.facilities.cards import Card
from geo.facilities.search import NeedsParameter, naming
from geo.rows import driver_pairs, driver_rows, driver_text


class _InBoxes(NamedTuple):
    """Columns of facility_search.in_boxes; None if there is no facility."""

    piece: list[int] | None
    facility_id: list[int] | None
    lon: list[float] | None
    lat: list[float] | None


class _Number(NamedTuple):
    """The first column of facility_search.numbered_card. PostgreSQL counts from 1."""

    number: int


class JudgedPass(NamedTuple):
    """A pass of a facility, with the figures of the ranking then.

    Attributes:
        facility_id: the facility.
        arrive_s: seconds from departure.
        quality, sd, verdict, utility: as in the ranking.
    """

    facility_id: int
    arrive_s: int
    quality: float
    sd: float
    verdict: str
    utility: float


# As arrays, because the driver reads four arrays much faster than thousands of rows.
_IN_BOXES = driver_text(
    """
    SELECT array_agg(found.piece), array_agg(found.facility_id), array_agg(found.lon), array_agg(found.lat)
    FROM facility_search.in_boxes(CAST(:piece AS int[]), CAST(:west AS float8[]), CAST(:south AS float8[]),
             CAST(:east AS float8[]), CAST(:north AS float8[]), CAST(:needs AS facility_search.needs)) AS found
    """
)

_CARDS = driver_text(
    """
    SELECT number, (card).*
    FROM facility_search.cards_on_passing(CAST(:facility_id AS bigint[]), :depart_at, CAST(:arrive_s AS int[]),
        CAST(:quality AS float8[]), CAST(:sd AS float8[]), CAST(:verdict AS text[]), CAST(:utility AS float8[]),
        facility_search.point(:lon, :lat), CAST(:needs AS facility_search.needs),
        CAST(:ranking AS facility_search.ranking))
    """
)


def find_passes(session: Session, track: Track, needs: NeedsParameter) -> Passes | None:
    """Return the passes of facilities that meet the needs that do not depend on the time; None if there are none.

    Raises:
        InvalidRoute: too many places lie near the route.
    """
    parameters = {**array_literals(track.boxes()._asdict()), "needs": needs}
    try:
        with naming("max_offset_m"):
            [found] = driver_rows(session, _IN_BOXES, parameters, _InBoxes)
    except AreaTooLarge:
        raise too_many() from None
    if found.piece is None:
        return None
    return track.passes(*(np.array(column) for column in found))


def find_cards(
    session: Session, passes: Sequence[JudgedPass], parameters: Mapping[str, Any], origin: Point | None = None
) -> list[tuple[int, Card]]:
    """Return the index of each pass and the card of its facility, as of its arrival.

    Args:
        session: any session.
        passes: the passes; one whose facility has gone has no card.
        parameters: depart_at, needs and ranking.
        origin: the point to measure distances from; without it they are None.
    """
    columns = {name: [getattr(judged, name) for judged in passes] for name in JudgedPass._fields}
    lon, lat = (origin.lon, origin.lat) if origin else (None, None)
    pairs = driver_pairs(session, _CARDS, {**parameters, **columns, "lon": lon, "lat": lat}, _Number, Card)
    return [(row.number - 1, card) for row, card in pairs if card is not None]


def array_literals(columns: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """Format columns as PostgreSQL array literals, which parse much faster than psycopg2's expressions."""
    return {name: "{" + ",".join(map(repr, column.tolist())) + "}" for name, column in columns.items()}
