"""Facilities as GeoJSON (RFC 7946)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from geo.facilities import search
from geo.facilities.ranking import Ranking

GEOJSON = "application/geo+json"

ATTRIBUTES = (
    "access",
    "wheelchair",
    "fee",
    "changing_table",
    "all_gender",
    "male",
    "female",
    "shower",
    "drinking_water",
)
"""Tri-state attributes: null is unknown, which is not no."""

ADDRESS_PARTS = ("street", "house_number", "postcode", "city", "region", "country")

STATUS_NOTES = {
    "reported_closed": "Visitors reported it closed; nobody has confirmed that yet.",
    "closed": "It is closed for good, or its source no longer lists it.",
}

Row = search.Row
"""A row of facility_search.cards."""


def feature(row: Row, ranking: Ranking | None = None) -> dict[str, Any]:
    """One facility as a Feature.

    Args:
        row: the facility.
        ranking: explain the utility by the terms of this ranking.
    """
    properties = {
        "kind": row["kind"],
        "offers": row["offers"],
        "name": row["name"],
        "venue": row["venue"],
        "status": row["status"],
        "status_note": STATUS_NOTES.get(row["status"]),
        "address": {part: row[part] for part in ADDRESS_PARTS},
        "level": row["level"],
        "operator": row["operator"],
        "distance_m": _rounded(row["distance_m"], 1),
        "bearing_deg": _rounded(row["bearing_deg"], 1),
        "duration_s": _rounded(row["duration_s"], 0),
        "rating": rating(row),
        "open": {
            "state": row["open_state"],
            "until": row["open_until"],
            "at": row["open_checked_at"],
            "opening_hours": row["opening_hours"],
            "note": row["opening_hours_note"],
        },
        **{attribute: row[attribute] for attribute in ATTRIBUTES},
        "sources": row["sources"] or [],
    }
    if ranking is not None:
        properties["explain"] = _terms(row, ranking)
    return {
        "type": "Feature",
        "id": row["id"],
        "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
        "properties": properties,
    }


def rating(row: Row) -> dict[str, Any]:
    """What the crowd thinks of a facility: the plain mean beside the decayed quality and its uncertainty."""
    return {
        "mean": _rounded(row["mean_stars"], 4),
        "count": row["rating_count"],
        "demo_count": row["demo_rating_count"],
        "excluded_count": row["excluded_rating_count"],
        "quality": _rounded(row["quality"], 4),
        "sd": _rounded(row["sd"], 4),
        "verdict": row["verdict"],
        "last_rated_at": row["last_rated_at"],
    }


def collection(
    rows: Sequence[Row], *, as_of: datetime, widened: bool, note: str | None, ranking: Ranking | None = None
) -> dict[str, Any]:
    """Facilities as a FeatureCollection, with what their licences ask for.

    Args:
        rows: the facilities, best first.
        as_of: the instant that quality and opening hours were judged at.
        widened: they lie beyond the radius asked for.
        note: a sentence where the list is not what was asked for, or empty.
        ranking: explain each utility by the terms of this ranking.
    """
    return {
        "type": "FeatureCollection",
        "features": [feature(row, ranking) for row in rows],
        "as_of": as_of,
        "widened": widened,
        "note": note,
        "attribution": attribution(rows),
    }


def attribution(rows: Sequence[Row]) -> list[dict[str, str | None]]:
    """The terms of every dataset among the rows, each once."""
    terms = {
        (source["attribution"], source["licence"], source["url"]) for row in rows for source in row["sources"] or []
    }
    return [
        {"attribution": text, "licence": licence, "url": url}
        for text, licence, url in sorted(terms, key=lambda term: term[0])
    ]


def _terms(row: Row, ranking: Ranking) -> dict[str, float]:
    """U = (q - kappa * sd) - beta * distance, term by term and unrounded."""
    distance_km = (row["distance_m"] or 0) / 1000
    return {
        "quality": row["quality"],
        "sd": row["sd"],
        "distance_km": distance_km,
        "quality_weight": ranking.quality_weight,
        "kappa": ranking.kappa,
        "beta_stars_per_km": ranking.beta_stars_per_km,
        "quality_term": ranking.quality_weight * row["quality"] - ranking.kappa * row["sd"],
        "distance_term": -ranking.beta_stars_per_km * distance_km,
        "utility": row["utility"],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
