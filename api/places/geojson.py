"""Facilities as GeoJSON (RFC 7946). The database writes each Feature; this module assembles the collections."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from api.http.languages import Language
from api.places.texts import status_note
from geo.facilities.cards import AnyCard
from geo.facilities.ranking import Ranking
from geo.facilities.search import Found

GEOJSON = "application/geo+json"


def feature(row: AnyCard, language: Language, ranking: Ranking | None = None) -> dict[str, Any]:
    """Return one facility as a Feature that the caller may modify.

    Args:
        row: the facility.
        language: of the sentence about its status.
        ranking: adds the terms of the utility under this ranking.
    """
    one = bare_feature(row)
    one["properties"]["status_note"] = status_note(one["properties"]["status"], language)
    if ranking is not None:
        one["properties"]["explain"] = _terms(row, ranking)
    return one


def bare_feature(row: AnyCard) -> dict[str, Any]:
    """Return one facility as the database writes it: a Feature without the sentence about its status."""
    one: dict[str, Any] = orjson.loads(row.feature)
    return one


def collection(
    found: Found, language: Language, *, as_of: datetime, note: str | None, ranking: Ranking | None = None
) -> dict[str, Any]:
    """Return facilities as a FeatureCollection with the attribution that their licences require.

    Args:
        found: the result of the search.
        language: of the sentences.
        as_of: the instant that quality and opening hours refer to.
        note: a sentence that explains why the list is widened or empty.
        ranking: adds the terms of each utility under this ranking.
    """
    return {
        "type": "FeatureCollection",
        "features": [
            # The Feature of an active facility has no sentence: its text from the database is not parsed.
            feature(row, language, ranking) if ranking or row.status != "active" else orjson.Fragment(row.feature)
            for row in found.facilities
        ],
        "as_of": as_of,
        "widened": found.widened,
        "note": note,
        "attribution": attribution(found.facilities),
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
