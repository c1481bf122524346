"""Builds the response of POST /v1/route/stops from a Journey."""

from datetime import datetime, timedelta
from typing import Any

from api.http.languages import Language
from api.places.geojson import Shown, show
from api.route.texts import backup_text, empty_note, last_good_stop_text, shortened_note, warning_text, whereabouts
from geo.ahead.route.journey import Gap, Journey, Stop, StopsQuery
from geo.database import Session


def document(session: Session, query: StopsQuery, journey: Journey, language: Language) -> dict[str, Any]:
    """Return the FeatureCollection of the stops, with the plan."""
    shown = _shown(session, query, journey, language)
    return {
        "type": "FeatureCollection",
        "features": shown.features,
        "stops_found": len(journey.stops),
        "route": {
            "length_m": round(query.route.length_m, 1),
            "duration_s": round(query.route.duration_s, 1),
            "depart_at": query.depart_at,
            "arrive_at": _instant(query, round(query.route.duration_s)),
        },
        "plan": _plan(query, journey, language),
        "note": _note(query, journey, language),
        "as_of": query.as_of,
        "attribution": shown.attribution,
    }


def _shown(session: Session, query: StopsQuery, journey: Journey, language: Language) -> Shown:
    planned = set(journey.plan.stops)
    stops = [journey.stops[index] for index in journey.cards]

    def along_route(index: int) -> str:
        return whereabouts(stops[index].along_m, language)

    shown = show(session, [*journey.cards.values()], language, query.mode, along_route)
    for feature, stop, index in zip(shown.features, stops, journey.cards, strict=True):
        feature["properties"] |= _of_stop(query, stop, language, is_planned=index in planned)
    return shown


def _of_stop(query: StopsQuery, stop: Stop, language: Language, *, is_planned: bool) -> dict[str, Any]:
    return {
        "visit": stop.visit,
        "along_m": round(stop.along_m, 1),
        "offset_m": round(stop.offset_m, 1),
        "side": stop.side,
        "arrive_at": _instant(query, stop.arrive_s),
        "gap_before_m": round(stop.gap_before_m, 1),
        "gap_before_s": stop.gap_before_s,
        "gap_after_m": round(stop.gap_after_m, 1),
        "gap_after_s": stop.gap_after_s,
        "planned": is_planned,
        "last_good_stop": stop.last_good is not None,
        "last_good_stop_reason": stop.last_good,
        "last_good_stop_text": stop.last_good and last_good_stop_text(stop.gap_after_m, language),
    }


def _plan(query: StopsQuery, journey: Journey, language: Language) -> dict[str, Any]:
    plan, last = journey.plan, journey.gaps[-1]
    return {
        "keeps_comfort": plan.worst_gap_s <= query.comfort_s,
        "worst_gap_s": plan.worst_gap_s,
        "cost_stars": round(plan.worth.cost_stars, 4),
        "stops": [_planned_stop(query, journey, turn, language) for turn in range(len(plan.stops))],
        "gap_to_end_m": round(last.length_m, 1),
        "gap_to_end_s": last.duration_s,
        "warnings": [
            _warning(query, journey, gap, language) for gap in journey.gaps if gap.duration_s > query.comfort_s
        ],
    }


def _planned_stop(query: StopsQuery, journey: Journey, turn: int, language: Language) -> dict[str, Any]:
    stop, gap, backup = journey.stops[journey.plan.stops[turn]], journey.gaps[turn], journey.backups[turn]
    return {
        **_which(query, stop),
        "cost_stars": round(stop.cost_stars, 4),
        "gap_before_m": round(gap.length_m, 1),
        "gap_before_s": gap.duration_s,
        "backup": backup
        and {
            **_which(query, journey.stops[backup.stop]),
            "further_m": round(backup.further_m, 1),
            "within_comfort": backup.within_comfort,
            "text": backup_text(backup.further_m, language),
        },
    }


def _which(query: StopsQuery, stop: Stop) -> dict[str, Any]:
    return {
        "facility_id": stop.facility_id,
        "visit": stop.visit,
        "along_m": round(stop.along_m, 1),
        "arrive_at": _instant(query, stop.arrive_s),
    }


def _warning(query: StopsQuery, journey: Journey, gap: Gap, language: Language) -> dict[str, Any]:
    start = None if gap.from_stop is None else journey.stops[gap.from_stop]
    end = None if gap.to_stop is None else journey.stops[gap.to_stop]
    from_m = start.along_m if start else 0.0
    is_since_last_stop = start is None and query.since_last_stop_s > 0
    return {
        "reason": "gap_exceeds_comfort",
        "from_along_m": round(from_m, 1),
        "to_along_m": round(end.along_m if end else query.route.length_m, 1),
        "from_facility_id": start and start.facility_id,
        "to_facility_id": end and end.facility_id,
        "gap_m": round(gap.length_m, 1),
        "gap_s": gap.duration_s,
        "text": warning_text(gap, from_m, query.comfort_s, language, is_since_last_stop=is_since_last_stop),
    }


def _note(query: StopsQuery, journey: Journey, language: Language) -> str | None:
    """Return a sentence that explains why the list is empty or shortened."""
    if not journey.stops:
        return empty_note(query.max_offset_m, language)
    if left_out := len(journey.stops) - len(journey.cards):
        return shortened_note(left_out, language)
    return None


def _instant(query: StopsQuery, after_s: int) -> datetime:
    return query.depart_at + timedelta(seconds=after_s)
