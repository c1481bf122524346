"""Queries the places for a hint: those within reach, those beyond, and those that may change the answer.

One statement reads the disc of the horizon. facility_search determines the candidates and their order.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from geo.ahead.hints import AHEAD_HALF_ANGLE_DEG, Outlook, Situation, may_repeat
from geo.coordinates import SRID_WGS84
from geo.database import Session
from geo.facilities import search
from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.ranking import CIRCUITY, RANKINGS, SPEED_M_PER_S, Rank

LONGEST_SILENCE_S = 3600.0
"""Maximum guaranteed silence, because opening hours, ratings and people change."""

_RANK: Rank = "balanced"

CANDIDATES = 10
"""Number of places within reach to read: one to suggest, one as its backup, and alternatives to closing ones."""

_SECTOR_DEG = 10
_RING = 1.3
"""Of distant places one is kept per sector of 10 degrees and ring of three tenths of its distance: a few hundred that
show for any heading that there is a place ahead."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An acceptable place that stays acceptable during the longest silence.

    Attributes:
        distance_m, bearing_deg: distance and bearing from the origin.
        sure_stars: quality minus its uncertainty.
    """

    distance_m: float
    bearing_deg: float
    sure_stars: float


@dataclass(frozen=True, slots=True)
class Possible:
    """Places at about the same distance that are acceptable at some time during the longest silence.

    Attributes:
        distance_m: distance of the nearest of them.
        sure_stars: sure stars of the best of them.
        closes_in_s: seconds until the first of them closes; None if no closing time is known.
    """

    distance_m: float
    sure_stars: float
    closes_in_s: float | None


@dataclass(frozen=True, slots=True)
class Around:
    """The places that may change the answer, in all directions.

    Attributes:
        possible: places that could be suggested later, in rings, nearest first.
        witnesses: places that rule out a gap ahead.
    """

    possible: tuple[Possible, ...]
    witnesses: tuple[Witness, ...]


WELCOME_DURING = """CASE WHEN f.open_during IS NULL
        THEN CASE WHEN 'unknown' = ANY (:welcome_states) THEN '{(,)}'::tstzmultirange ELSE '{}' END
        ELSE (CASE WHEN 'open' = ANY (:welcome_states) THEN f.open_during ELSE '{}' END)
             + (CASE WHEN 'unknown' = ANY (:welcome_states) THEN f.unknown_during ELSE '{}' END) END"""
"""SQL: when a facility f may be offered. Its hours may be unknown as a whole (NULL)."""

_LOOK = text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), {SRID_WGS84}) AS origin,
               {search.NEEDS_SQL} AS needs, {search.RANKING_SQL} AS ranking
    ), judged AS MATERIALIZED (
        SELECT best AS ranked, best.facility_id, best.distance_m, best.utility,
               best.utility + :beta_per_m * best.distance_m AS sure_stars,
               coalesce(facility_search.initial_bearing_deg(asked.origin, f.location), 0) AS bearing_deg,
               f.open_during, {WELCOME_DURING} AS welcome_during,
               CAST(:as_of AS timestamptz) + make_interval(secs => best.distance_m * :seconds_per_m) AS arrival
        FROM asked
        CROSS JOIN LATERAL facility_search.best_within(
            facility_search.boxes_around(asked.origin, :horizon_m), asked.origin, :horizon_m,
            asked.needs, asked.ranking, CAST(:as_of AS timestamptz), NULL) AS best
        JOIN facility f ON f.id = best.facility_id
        WHERE best.verdict <> 'squat' AND NOT best.is_doubtful
          AND best.facility_id <> ALL (CAST(:dismissed AS bigint[]))
    ), placed AS MATERIALIZED (
        SELECT *,
               distance_m <= :reach_m AS near,
               distance_m > :here_m AND (
                   cosd(bearing_deg - :heading_deg) < 0
                   OR distance_m * abs(sind(bearing_deg - :heading_deg)) > :aside_m) AS off_course,
               coalesce(cosd(bearing_deg - :heading_deg) >= cosd(:half_angle_deg), true) AS ahead,
               facility_id = :told_id AS told,
               welcome_during @> arrival AS welcome
        FROM judged
    ), ahead AS (
        SELECT coalesce(bool_or(near AND told AND off_course IS NOT TRUE), false) AS only_told,
               max(distance_m) FILTER (WHERE near AND off_course IS NOT TRUE) AS near_ends_m,
               min(distance_m) FILTER (WHERE NOT near AND ahead AND distance_m <= :way_left_m) AS beyond_m,
               max(sure_stars) FILTER (WHERE NOT near AND ahead AND distance_m <= :way_left_m) AS beyond_stars
        FROM placed WHERE welcome
    ), possible AS (
        SELECT min(distance_m) AS distance_m, max(sure_stars) AS sure_stars,
               min((SELECT min(upper(span)) FROM unnest(open_during) AS span WHERE upper(span) > :as_of)) AS closes_at
        FROM placed
        WHERE told IS NOT TRUE AND welcome_during && tstzrange(:as_of, :possible_until)
        GROUP BY width_bucket(distance_m, CAST(:rungs_m AS float8[]))
    ), witness AS (
        SELECT DISTINCT ON (floor(bearing_deg / :sector_deg), floor(ln(distance_m) / ln(:ring)))
               distance_m, bearing_deg, sure_stars
        FROM placed
        WHERE NOT near AND welcome_during @> tstzrange(:as_of, CAST(:silence_until AS timestamptz)
                  + make_interval(secs => 2 * distance_m * :seconds_per_m))
        ORDER BY floor(bearing_deg / :sector_deg), floor(ln(distance_m) / ln(:ring)), sure_stars DESC
    )
    SELECT ahead.*,
           (SELECT jsonb_agg(jsonb_build_array(distance_m, sure_stars, extract(epoch FROM closes_at - :as_of))
                ORDER BY distance_m) FROM possible) AS possible,
           (SELECT jsonb_agg(jsonb_build_array(distance_m, bearing_deg, sure_stars)) FROM witness) AS witnesses,
           card.*, card.utility + :beta_per_m * card.distance_m AS sure_stars
    FROM asked CROSS JOIN ahead
    LEFT JOIN LATERAL facility_search.cards(
        ARRAY(SELECT ranked FROM placed
              WHERE welcome AND near AND off_course IS NOT TRUE AND told IS NOT TRUE
              ORDER BY utility DESC, facility_id LIMIT :candidates),
        asked.origin, asked.needs, asked.ranking, CAST(:as_of AS timestamptz)) AS card ON true
    """  # noqa: S608 - joined from constants
)


def rungs_m(situation: Situation) -> list[float]:
    """Return the distances that a silence may last, shortest first: from a sixth of the reach to the horizon."""
    reach_m, horizon_m = situation.scale.reach_m, situation.horizon_m
    rungs = [reach_m * factor for factor in (1 / 6, 1 / 3, 2 / 3, 1, 1.5, 2, 3, 4, 6, 8)]
    return [rung for rung in rungs if reach_m + rung < horizon_m] + [horizon_m - reach_m]


def needs_parameters(needs: search.Needs) -> dict[str, Any]:
    """Return the parameters of NEEDS_SQL and WELCOME_DURING. Opening hours are evaluated here, for each arrival."""
    always = replace(needs, open_states=None, open_at=None, open_on_arrival=False)
    welcome_states = list(needs.open_states or OFFERED_STATES)
    return {**search.needs_parameters(always), "welcome_states": welcome_states}


def look(session: Session, situation: Situation) -> tuple[Outlook, Around]:
    """Query the surroundings in one statement."""
    seconds_per_m = CIRCUITY[situation.mode] / SPEED_M_PER_S[situation.mode]
    silence_until = situation.as_of + timedelta(seconds=LONGEST_SILENCE_S)
    reach_m = situation.scale.reach_m
    told = None if may_repeat(situation) else situation.memory.last_hint_facility_id
    parameters = {
        "lon": situation.origin.lon,
        "lat": situation.origin.lat,
        "reach_m": reach_m,
        "here_m": situation.scale.here_m,
        "aside_m": situation.scale.aside_m,
        "horizon_m": situation.horizon_m,
        "way_left_m": situation.way_left_m(),
        "heading_deg": situation.heading_deg,
        "half_angle_deg": AHEAD_HALF_ANGLE_DEG,
        "dismissed": list(situation.memory.dismissed),
        "told_id": told,
        "possible_until": silence_until + timedelta(seconds=reach_m * seconds_per_m),
        "silence_until": silence_until,
        "rungs_m": [reach_m + rung for rung in rungs_m(situation)],
        "sector_deg": _SECTOR_DEG,
        "ring": _RING,
        "candidates": CANDIDATES,
        **needs_parameters(situation.needs),
        **search.ranking_parameters(RANKINGS[_RANK, situation.mode], situation.mode),
        "as_of": situation.as_of,
    }
    rows = session.execute(_LOOK, parameters).mappings().all()
    first = rows[0]
    near = [row for row in rows if row["id"] is not None]
    outlook = Outlook(
        near,
        only_told=first["only_told"] and not near,
        near_ends_m=first["near_ends_m"],
        beyond_m=first["beyond_m"],
        beyond_stars=first["beyond_stars"],
        looked_m=None if situation.heading_deg is None else parameters["way_left_m"],
    )
    possible = tuple(Possible(*ring) for ring in first["possible"] or [])
    witnesses = tuple(Witness(*place) for place in first["witnesses"] or [])
    return outlook, Around(possible, witnesses)
