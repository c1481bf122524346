"""The rows in which facility_search returns facilities."""

from datetime import datetime
from typing import NamedTuple


class Card(NamedTuple):
    """A facility in a response: the fields of ``facility_search.card``.

    Attributes:
        id: its id.
        offers: the kinds that it offers, its own first.
        name: its name.
        mean_stars: mean of its ratings, each with its weight; None without ratings.
        distance_m: distance from the origin; None without an origin.
        quality, sd, verdict, utility: as in the ranking.
        open_checked_at: the instant that open_state refers to.
        open_state: ``open``, ``closed`` or ``unknown``.
        open_until: when that state ends; None if unknown.
        status: its status.
        feature: a GeoJSON Feature without ``status_note``.
        terms: a JSON array of the attribution, licence and url of each dataset that lists it; None without one.
    """

    id: int
    offers: list[str]
    name: str | None
    mean_stars: float | None
    distance_m: float | None
    quality: float
    sd: float
    verdict: str
    utility: float | None
    open_checked_at: datetime
    open_state: str
    open_until: datetime | None
    status: str
    feature: str
    terms: str | None


class FoundFacility(NamedTuple):
    """A facility in the response to a search: the fields of a Card that are used there, after those of Answer."""

    id: int
    distance_m: float | None
    quality: float
    sd: float
    utility: float | None
    status: str
    feature: str
    terms: str | None


AnyCard = Card | FoundFacility
"""A row with the Feature of a facility."""


class Answer(NamedTuple):
    """The first columns of ``facility_search.found``, the same in each row.

    Attributes:
        data_version: see ``geo.rows.data_version``.
        nearest_m: if the search was widened, the distance of the nearest facility that meets the needs.
    """

    data_version: str
    nearest_m: float | None
