"""Facilities as GeoJSON (RFC 7946). The database writes each Feature; this module assembles the collections."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from geo.facilities.cards import AnyCard
from geo.facilities.ranking import Ranking

GEOJSON = "application/geo+json"


def feature(row: AnyCard, ranking: Ranking | None = None) -> dict[str, Any]:
    """Return one facility as a Feature that the caller may modify.

    Args:
        row: the facility.
        ranking: adds the terms of the utility under this ranking.
    """
    one: dict[str, Any] = orjson.loads(row.feature)
    if ranking is not None:
        one["properties"]["explain"] = _terms(row, ranking)
    return one


def collection(
    rows: Sequence[AnyCard], *, as_of: datetime, widened: bool, note: str | None, ranking: Ranking | None = None
) -> dict[str, Any]:
    """Return facilities as a FeatureCollection with the attribution that their licences require.

    Args:
        rows: the facilities, best first.
        as_of: the instant that quality and opening hours refer to.
        widened: whether the facilities lie outside the requested radius.
        note: a sentence that explains why the list is widened or empty.
        ranking: adds the terms of each utility under this ranking.
    """
    return {
        "type": "FeatureCollection",
        "features": [feature(row, ranking) if ranking else orjson.Fragment(row.feature) for row in rows],
        "as_of": as_of,
        "widened": widened,
        "note": note,
        "attribution": attribution(rows),
    }


def attribution(rows: Iterable[AnyCard]) -> list[dict[str, str | None]]:
    """Return the terms of every dataset among the rows, each once."""
    # Rows of the same datasets have the same text, so mostly only one is parsed.
    found = [term for terms in {row.terms for row in rows} if terms for term in orjson.loads(terms)]
    by_content = {(term["attribution"], term["licence"], term["url"]): term for term in found}
    return sorted(by_content.values(), key=lambda term: (term["attribution"], term["licence"], term["url"] or ""))


def _terms(row: AnyCard, ranking: Ranking) -> dict[str, float | None]:
    """Return the terms of U = (q - kappa * sd) - beta * distance, unrounded."""
    distance_km = (row.distance_m or 0) / 1000
    return {
        "quality": row.quality,
        "sd": row.sd,
        "distance_km": distance_km,
        "quality_weight": ranking.quality_weight,
        "kappa": ranking.kappa,
        "beta_stars_per_km": ranking.beta_stars_per_km,
        "quality_term": ranking.quality_weight * row.quality - ranking.kappa * row.sd,
        "distance_term": -ranking.beta_stars_per_km * distance_km,
        "utility": row.utility,
    }
