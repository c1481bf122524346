"""Facilities as GeoJSON (RFC 7946). The database writes each Feature; this module assembles the collections."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from api.http.languages import Language
from api.places.directions import directions
from api.places.labels import labels, place_name, place_of, whereabouts_from_origin
from api.places.texts import status_note
from geo.facilities.cards import AnyCard
from geo.facilities.ranking import Mode, Ranking
from geo.facilities.search import Found

GEOJSON = "application/geo+json"


def features(
    rows: Sequence[AnyCard],
    language: Language,
    mode: Mode = "walk",
    whereabouts: Callable[[int], str | None] | None = None,
) -> list[dict[str, Any]]:
    """Return the facilities of one answer as Features, with their labels, that the caller may modify.

    Args:
        rows: the facilities.
        language: of the labels and of the sentences about their status.
        mode: travel mode of the links to directions.
        whereabouts: returns where a facility is, by its index, for labels; by default distance and direction from the
            origin.
    """
    ones = [bare_feature(row) for row in rows]

    def from_origin(index: int) -> str | None:
        properties = ones[index]["properties"]
        return whereabouts_from_origin(properties["distance_m"], properties["bearing_deg"], language)

    places = [place_of(one["properties"], None, language) for one in ones]
    for one, label in zip(ones, labels(places, whereabouts or from_origin, language), strict=True):
        lon, lat = one["geometry"]["coordinates"]
        properties = one["properties"]
        properties["status_note"] = status_note(properties["status"], language)
        properties["label"], properties["label_detail"] = label
        properties["directions"] = directions(lon, lat, mode)
    return ones


def name_of(one: Mapping[str, Any], language: Language) -> str:
    """Return what to call a facility, given as a Feature, in a sentence that says where it is."""
    return place_name(place_of(one["properties"], None, language))


def bare_feature(row: AnyCard) -> dict[str, Any]:
    """Return one facility as the database writes it: a Feature without texts for people."""
    one: dict[str, Any] = orjson.loads(row.feature)
    return one


def collection(  # noqa: PLR0913 - the members of the document
    found: Found, language: Language, mode: Mode, *, as_of: datetime, note: str | None, ranking: Ranking | None = None
) -> dict[str, Any]:
    """Return facilities as a FeatureCollection with the attribution that their licences require.

    Args:
        found: the result of the search.
        language: of the labels and sentences.
        mode: travel mode of the links to directions.
        as_of: the instant that quality and opening hours refer to.
        note: a sentence that explains why the list is widened or empty.
        ranking: adds the terms of each utility under this ranking.
    """
    shown = features(found.facilities, language, mode)
    if ranking is not None:
        for one, row in zip(shown, found.facilities, strict=True):
            one["properties"]["explain"] = _terms(row, ranking)
    return {
        "type": "FeatureCollection",
        "features": shown,
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
