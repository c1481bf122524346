"""Facilities as GeoJSON (RFC 7946). The database writes each Feature; here they are put together."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from geo.database import Row
from geo.facilities.ranking import Ranking

GEOJSON = "application/geo+json"


def feature(row: Row, ranking: Ranking | None = None) -> dict[str, Any]:
    """One facility as a Feature to add to.

    Args:
        row: of facility_search.cards.
        ranking: explain the utility by the terms of this ranking.
    """
    told: dict[str, Any] = orjson.loads(row["feature"])
    if ranking is not None:
        told["properties"]["explain"] = _terms(row, ranking)
    return told


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
        "features": [feature(row, ranking) if ranking else orjson.Fragment(row["feature"]) for row in rows],
        "as_of": as_of,
        "widened": widened,
        "note": note,
        "attribution": attribution(rows),
    }


def attribution(rows: Iterable[Row]) -> list[dict[str, str | None]]:
    """The terms of every dataset among the rows, each once."""
    # Rows of the same datasets tell the same text: mostly there is one to read.
    told = [term for terms in {row["terms"] for row in rows} if terms for term in orjson.loads(terms)]
    by_content = {(term["attribution"], term["licence"], term["url"]): term for term in told}
    return sorted(by_content.values(), key=lambda term: (term["attribution"], term["licence"], term["url"] or ""))


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
