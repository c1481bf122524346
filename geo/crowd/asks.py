"""Chooses the place nearby whose next rating is worth most to those who choose after it."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np

from geo.coordinates import EARTH_RADIUS_M, Point
from geo.crowd.value_of_information import Floats, value_of_information
from geo.database import Session
from geo.facilities.ranking import RANKINGS
from geo.rows import driver_rows, driver_text

NEARBY_M = 300.0
"""How far a place may be to be asked about: four minutes on foot, so that whoever is here may just have been there."""

CHOICES_WITHIN_M = 2_000.0
"""Places that people choose between, whose positions stand for where people ask from: half an hour on foot."""

WORTH_AT_LEAST_STARS = 0.001
"""Worth of a rating below which nobody is asked: a thousand visitors together would gain one star."""

ONCE_IN = timedelta(hours=24)
"""Time between two questions to one person."""

NIGHT_FROM, NIGHT_UNTIL = timedelta(hours=22), timedelta(hours=7)
"""Local time between which nobody is asked: the usual quiet hours of phones."""

Silence = Literal["quiet_hours", "asked_today", "nothing_to_ask"]


class Ask(NamedTuple):
    """A place to ask about.

    Attributes:
        facility_id: its id.
        distance_m: its distance.
        last_rated_at: when it was last rated; None if never.
        worth_stars: how much better visitors would choose after one more rating, on average, in stars.
    """

    facility_id: int
    distance_m: float
    last_rated_at: datetime | None
    worth_stars: float


class Asking(NamedTuple):
    """A phone that may ask a person: its position, its time, and its memory of earlier questions.

    Attributes:
        origin: the position.
        as_of: the instant.
        last_asked_at: when it last asked; None for never.
        dismissed: facilities not to ask about.
        local_time: time of day by its clock, since midnight; None for mean solar time.
        is_quiet: whether its own quiet hours are on.
    """

    origin: Point
    as_of: datetime
    last_asked_at: datetime | None = None
    dismissed: Collection[int] = ()
    local_time: timedelta | None = None
    is_quiet: bool = False


class Choice(NamedTuple):
    """The columns of ``facility_search.choices``."""

    id: int
    kind: str
    lon: float
    lat: float
    distance_m: float
    quality: float
    sd: float
    last_rated_at: datetime | None


_CHOICES = driver_text(
    "SELECT * FROM facility_search.choices(facility_search.point(:lon, :lat), :radius_m, :as_of) ORDER BY kind, id"
)


def silence(asking: Asking) -> Silence | None:
    """Return why the phone asks nothing now; None if it may ask."""
    if asking.is_quiet or _is_night(asking):
        return "quiet_hours"
    if asking.last_asked_at is not None and asking.as_of - asking.last_asked_at < ONCE_IN:
        return "asked_today"
    return None


def worth_asking(session: Session, asking: Asking, at_most: int) -> list[Ask]:
    """Return the places near the phone that are worth asking about, the most valuable first."""
    origin = asking.origin
    parameters = {"lon": origin.lon, "lat": origin.lat, "radius_m": CHOICES_WITHIN_M, "as_of": asking.as_of}
    asks = []
    for _, places in groupby(driver_rows(session, _CHOICES, parameters, Choice), key=lambda choice: choice.kind):
        choices = list(places)
        asks += [
            Ask(choice.id, choice.distance_m, choice.last_rated_at, worth)
            for choice, worth in zip(choices, worth_of(choices), strict=True)
            if choice.distance_m <= NEARBY_M and worth >= WORTH_AT_LEAST_STARS and choice.id not in asking.dismissed
        ]
    return sorted(asks, key=lambda ask: (-ask.worth_stars, ask.facility_id))[:at_most]


def worth_of(choices: list[Choice]) -> list[float]:
    """Return what one more rating of each is worth, if people choose between these; 0 for a place without another."""
    if len(choices) == 1:
        return [0.0]
    per_m = RANKINGS["balanced", "walk"].beta_stars_per_km / 1000
    cost = per_m * _distances_m(
        np.array([choice.lon for choice in choices]), np.array([choice.lat for choice in choices])
    )
    values: list[float] = value_of_information(
        [choice.quality for choice in choices], [choice.sd for choice in choices], cost
    ).tolist()
    return values


def _distances_m(lon_deg: Floats, lat_deg: Floats) -> Floats:
    """Return the great-circle distances between all points by the haversine formula."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    half_lon, half_lat = (lon[:, None] - lon) / 2, (lat[:, None] - lat) / 2
    haversine = np.sin(half_lat) ** 2 + np.cos(lat)[:, None] * np.cos(lat) * np.sin(half_lon) ** 2
    distance_m: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1, haversine)))
    return distance_m


def _is_night(asking: Asking) -> bool:
    local_time = asking.local_time
    if local_time is None:
        at = asking.as_of.astimezone(UTC)
        solar = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second) + timedelta(days=asking.origin.lon / 360)
        local_time = solar % timedelta(days=1)
    return local_time >= NIGHT_FROM or local_time < NIGHT_UNTIL
