"""A simulated drive: a road, a car on it at 1 Hz, and two phones in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import asin, atan2, cos, degrees, pi, radians, sin
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.ahead.hints.advice import Advice, advise
from geo.ahead.hints.situation import Memory, Situation
from geo.coordinates import EARTH_RADIUS_M, Point
from tests.conftest import NOON

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """One second of a drive."""

    second: int
    gone_m: float
    place: Point
    heading_deg: float
    speed_m_s: float


@dataclass(slots=True)
class Log:
    """What came of a drive; hints as (second, facility, reason)."""

    seconds: int = 0
    requests: int = 0
    spoken: list[tuple[int, int, str]] = field(default_factory=list)
    missed: list[tuple[int, int, str]] = field(default_factory=list)
    fleeting: int = 0
    broken_promises: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        return self.seconds // MINUTE_S

    def __str__(self) -> str:
        counts = ", ".join(f"{second // MINUTE_S} min {reason}" for second, _, reason in self.spoken)
        return (
            f"{self.requests} requests in {self.minutes} minutes ({self.requests / self.minutes:.0%} of each minute);"
            f" {len(self.spoken)} hints spoken ({counts}), {len(self.missed)} missed,"
            f" {self.fleeting} shorter than a minute not heard"
        )


def moved(start: Point, bearing_deg: float, metres: float) -> Point:
    """The place that far along a great circle."""
    lat, bearing, angle = radians(start.lat), radians(bearing_deg), metres / EARTH_RADIUS_M
    to_lat = asin(sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(bearing))
    lon = radians(start.lon) + atan2(sin(bearing) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sin(to_lat))
    return Point((degrees(lon) + 540) % 360 - 180, degrees(to_lat))


def winding_road(random: Random, start: Point, bearing_deg: float, length_m: float) -> Iterator[Moment]:
    """A car on a road that winds, through towns and past traffic lights, second by second."""
    swing_deg, phase, period_m = random.uniform(10, 45), random.uniform(0, 2 * pi), random.uniform(5e3, 30e3)
    place, gone_m, second = start, 0.0, 0
    while gone_m < length_m:
        heading = (bearing_deg + swing_deg * sin(phase + 2 * pi * gone_m / period_m)) % 360
        in_town = (gone_m // 1000) % 40 < 6
        speed = 0.0 if in_town and second % 90 < 20 else 12.0 if in_town else 30.0
        yield Moment(second, gone_m, place, heading, speed)
        place, gone_m, second = moved(place, heading, speed), gone_m + speed, second + 1


def add_places_along(session: Session, random: Random, road: list[Moment], count: int) -> None:
    """Places in clusters beside the road: towns full of them, and long stretches of none."""
    towns = [random.choice(road).place for _ in range(25)]
    rows = []
    for _ in range(count):
        place = moved(random.choice(towns), random.uniform(0, 360), random.expovariate(1 / 1500))
        weight, stars = random.choice((0, 0, 3, 8, 20)), random.uniform(1.5, 5)
        closes = NOON + timedelta(minutes=random.uniform(-60, 300))
        hours = random.choice((None, "{(,)}", f"{{(,{closes.isoformat()})}}"))
        rows.append(
            {"lon": place.lon, "lat": place.lat, "weight": weight, "stars": weight * stars, "hours": hours,
             "unknown": None if hours is None else "{}", "at": NOON if weight else None,
             "count": weight}
        )  # fmt: skip
    session.execute(
        text(
            """INSERT INTO facility (kind, location, weight_slow, stars_slow, weight_fast, stars_fast, rating_count,
                                     weight_total, stars_total, last_rated_at, open_during, unknown_during)
               VALUES ('toilets', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :weight * 1.85, :stars * 1.85,
                       :weight * 1820.3, :stars * 1820.3, :count, :weight, :stars, :at,
                       CAST(:hours AS tstzmultirange), CAST(:unknown AS tstzmultirange))"""
        ),
        rows,
    )
    session.execute(text("ANALYZE facility"))


def drive(
    session: Session, road: list[Moment], situation_at_start: Situation, *, stops: Callable[[], bool],
    quiet: tuple[int, int] = (0, 0), check_each_s: int = 20,
) -> Log:  # fmt: skip
    """Drive along the road with a phone that obeys ``ask_again``.

    Beside it a shadow with the same memory asks at every check_each_s. What it hears while the phone has been promised
    silence is a broken promise. What it hears for a whole minute, whatever second a phone that asks each minute asks
    at, and the phone has not given by then, is missed. What it hears for less, and the phone does not, is fleeting.

    Args:
        session: of a database with places.
        road: the drive.
        situation_at_start: what stays the same during the drive; as_of is when it begins.
        stops: whether the driver stops after this hint.
        quiet: the first second of quiet hours, and the first after them.
        check_each_s: how often the shadow asks.
    """
    log = Log(seconds=len(road))
    memory, stopped_at_s = Memory(), -situation_at_start.since_last_stop_s
    last: tuple[Moment, Advice] | None = None
    heard: tuple[int, int, str] | None = None
    for moment in road:
        quiet_for_s = quiet[1] - moment.second if quiet[0] <= moment.second < quiet[1] else 0
        situation = replace(
            situation_at_start,
            origin=moment.place,
            as_of=situation_at_start.as_of + timedelta(seconds=moment.second),
            heading_deg=moment.heading_deg,
            speed_m_s=moment.speed_m_s,
            since_last_stop_s=moment.second - stopped_at_s,
            memory=replace(memory, quiet_for_s=quiet_for_s),
        )
        if last is None or _due(moment, *last):
            log.requests += 1
            advice = advise(session, situation)
            last = moment, advice
            if advice.hint.facility is not None:
                log.spoken.append((moment.second, advice.hint.facility.card.id, advice.hint.reason))
                memory, heard = Memory(situation.as_of, advice.hint.facility.card.id), None
                if stops():
                    stopped_at_s, last = moment.second, None
        elif moment.second % check_each_s == 0:
            heard = _overheard(session, situation, moment, last[1], heard, log)
    return log


def _due(moment: Moment, asked_at: Moment, advice: Advice) -> bool:
    again = advice.ask_again
    return moment.second - asked_at.second >= again.after_s or (
        again.after_m is not None and moment.gone_m - asked_at.gone_m >= again.after_m
    )


def _overheard(
    session: Session, situation: Situation, moment: Moment, promised: Advice, heard: tuple[int, int, str] | None,
    log: Log,
) -> tuple[int, int, str] | None:  # fmt: skip
    """What the shadow has been hearing, and since when."""
    hint = advise(session, situation).hint
    if hint.facility is None:
        log.fleeting += heard is not None
        return None
    hint_heard = (moment.second, hint.facility.card.id, hint.reason)
    if promised.ask_again.after_s > MINUTE_S:
        log.broken_promises.append(hint_heard)
    if heard and moment.second - heard[0] >= MINUTE_S:
        log.missed.append(heard)
    return heard or hint_heard
