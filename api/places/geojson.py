"""Facilities as GeoJSON (RFC 7946). The database writes each Feature; this module adds texts for people and links."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from api.http.languages import Language
from api.places.directions import directions
from api.places.labels import Place, labels, may_need_street, place_name, place_of, whereabouts_from_origin
from api.places.texts import rating_note, status_note
from geo.coordinates import Point
from geo.database import Session
from geo.facilities.cards import AnyCard
from geo.facilities.ranking import Mode, Ranking
from geo.gazetteer import nearest
from geo.gazetteer.nearest import NearestStreet
from geo.priors.storage import ExplainedPrior

GEOJSON = "application/geo+json"


class Shown(NamedTuple):
    """The facilities of one answer.

    Attributes:
        features: a Feature for each facility, which the caller may modify.
        names: what to call each facility in a sentence that says where it is.
        attribution: the terms of every dataset that they come from, each once.
    """

    features: list[dict[str, Any]]
    names: list[str]
    attribution: list[dict[str, str | None]]


def show(
    session: Session,
    rows: Sequence[AnyCard],
    language: Language,
    mode: Mode = "walk",
    whereabouts: Callable[[int], str | None] | None = None,
) -> Shown:
    """Return the facilities of one answer with their labels.

    Args:
        session: reads the nearest streets, if a label may contain one.
        rows: the facilities.
        language: of the labels and of the sentences about their status.
        mode: travel mode of the links to directions.
        whereabouts: returns where a facility is, by its index, for labels; by default distance and direction from the
            origin.
    """
    features = [bare_feature(row) for row in rows]

    def from_origin(index: int) -> str | None:
        properties = features[index]["properties"]
        return whereabouts_from_origin(properties["distance_m"], properties["bearing_deg"], language)

    places = [place_of(feature["properties"], language) for feature in features]
    streets = _streets(session, features, places)
    places = [
        place._replace(street=street.name) if street else place for place, street in zip(places, streets, strict=True)
    ]
    for feature, label in zip(features, labels(places, whereabouts or from_origin, language), strict=True):
        lon, lat = feature["geometry"]["coordinates"]
        properties = feature["properties"]
        properties["status_note"] = status_note(properties["status"], properties["ranked_last"], language)
        properties["rating"] = spoken_rating(feature, language)
        properties["label"], properties["label_detail"] = label
        properties["directions"] = directions(lon, lat, mode)
    named = [street for street in streets if street]
    return Shown(features, [place_name(place) for place in places], attribution([*rows, *named]))


def bare_feature(row: AnyCard) -> dict[str, Any]:
    """Return one facility as the database writes it: a Feature without texts for people."""
    one: dict[str, Any] = orjson.loads(row.feature)
    return one


def spoken_rating(feature: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return the rating of a Feature that the database wrote, with a sentence in its note."""
    rating = feature["properties"]["rating"]
    return {**rating, "note": rating_note(rating["note"], language)}


def add_explanations(shown: Shown, rows: Sequence[AnyCard], ranking: Ranking, priors: Sequence[ExplainedPrior]) -> None:
    """Add the terms of the utility of each facility under the ranking, and its prior."""
    for feature, row, prior in zip(shown.features, rows, priors, strict=True):
        feature["properties"]["explain"] = {**_terms(row, ranking), "prior": prior._asdict()}


def attribution(rows: Iterable[AnyCard | NearestStreet]) -> list[dict[str, str | None]]:
    """Return the terms of every dataset among the rows, each once."""
    # Rows of the same datasets have the same text, so mostly only one is parsed.
    found = [term for terms in {row.terms for row in rows} if terms for term in orjson.loads(terms)]
    by_content = {(term["attribution"], term["licence"], term["url"]): term for term in found}
    return sorted(by_content.values(), key=lambda term: (term["attribution"], term["licence"], term["url"] or ""))


def _streets(
    session: Session, features: Sequence[Mapping[str, Any]], places: Sequence[Place]
) -> list[NearestStreet | None]:
    """Return the nearest street of each facility whose label or detail may contain it."""
    wanted = may_need_street(places)
    found = nearest.streets(session, [Point(*features[index]["geometry"]["coordinates"]) for index in wanted])
    streets: list[NearestStreet | None] = [None] * len(places)
    for index, street in zip(wanted, found, strict=True):
        streets[index] = street
    return streets


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
