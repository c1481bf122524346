"""GET /v1/localities: search for named places, stations and streets."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from api.http.conditional import answer, not_modified, this_minute
from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.services import database, now
from api.localities import examples, schemas
from api.places.geojson import GEOJSON
from geo.coordinates import Point
from geo.gazetteer import search
from geo.gazetteer.search import LocalitiesQuery, Locality
from geo.rows import data_version

door = Door("localities", __name__, url_prefix="/v1/localities", description="Find a place by its name.")


@door.route("", caller=EVERYBODY)
@door.arguments(schemas.LocalitiesRequest, location="query")
@door.response(200, schemas.LocalityCollection, content_type=GEOJSON, example=examples.LOCALITIES)
@door.alt_response(304, description="The answer has not changed.", success=True)
def list_localities(parameters: Mapping[str, Any]) -> Response:
    """Return the places, stations and streets whose name matches, best first.

    The search can run while somebody types: names that begin with q match, and so do names that differ by a typing
    error. Case, accents and punctuation are ignored. Equal names come first. Among those that match equally, more
    important kinds come first, and near ones if lat and lon are given.
    """
    as_of = this_minute(now())
    with database().read() as session:
        if unchanged := not_modified(session, as_of):
            return unchanged
        version = data_version(session)
        found = search.by_name(session, _query(parameters))
    document = {
        "type": "FeatureCollection",
        "features": [_feature(locality) for locality in found],
        "attribution": _attribution(found),
    }
    return answer(document, GEOJSON, as_of, version)


def _query(parameters: Mapping[str, Any]) -> LocalitiesQuery:
    origin = Point(parameters["lon"], parameters["lat"]) if "lat" in parameters else None
    return LocalitiesQuery(parameters["q"], parameters["limit"], origin)


def _feature(locality: Locality) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": locality.external_id,
        "geometry": {"type": "Point", "coordinates": [round(locality.lon, 7), round(locality.lat, 7)]},
        "properties": {
            "name": locality.name,
            "kind": locality.kind,
            "near": locality.near,
            "population": locality.population,
            "distance_m": None if locality.distance_m is None else round(locality.distance_m, 1),
        },
    }


def _attribution(found: Sequence[Locality]) -> list[dict[str, str | None]]:
    """Return the terms of every dataset among the localities, each once."""
    terms = sorted({(row.attribution, row.licence, row.url) for row in found}, key=str)
    return [{"attribution": attribution, "licence": licence, "url": url} for attribution, licence, url in terms]


doors = (door,)
