"""GET /v1/facilities and GET /v1/facilities/{id}: search for facilities, and read one."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response

from api.asks.examples import ASK
from api.asks.questions import questions
from api.asks.schemas import AskedQuery, OneFeatureAndAsk
from api.http.conditional import answer, not_modified, this_minute
from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.paths import id_segment
from api.http.services import database, now
from api.places import examples, filters, schemas
from api.places.geojson import GEOJSON, add_explanations, show
from api.places.texts import list_note
from geo.coordinates import Point
from geo.crowd import observed
from geo.crowd.asks import Asking
from geo.errors import AreaTooLarge, FacilityMerged, FacilityNotFound
from geo.facilities import search
from geo.facilities.ranking import RANKINGS
from geo.priors import storage

door = Door("facilities", __name__, url_prefix="/v1/facilities", description="Find the right place nearby.")

FACILITY_ID = id_segment("facility_id")
"""A path segment with the id of a facility."""

UNSEEN = (FacilityMerged, FacilityNotFound)
"""The errors for the id of a facility that cannot be seen under it."""


@door.route("", caller=EVERYBODY, raises=(AreaTooLarge,))
@door.arguments(schemas.FacilitiesQuery, location="query")
@door.response(200, schemas.FeatureCollection, content_type=GEOJSON, example=examples.COLLECTION)
@door.alt_response(304, description="The answer has not changed.", success=True)
def list_facilities(parameters: Mapping[str, Any]) -> Response:
    """Return the best facilities near a point or in a bounding box.

    The result is the exact best of all facilities that meet the needs, ranked by decayed crowd quality, its uncertainty
    and the distance. If none lies within the radius, the search widens to twice the distance of the nearest facility
    that meets the needs, at most to 100 km, and sets widened and note. An area of more than 50,000 facilities is
    refused: 422 names radius_m or bbox.
    """
    return answer_list(parameters)


@door.route(f"/{FACILITY_ID}", caller=EVERYBODY, raises=UNSEEN)
@door.arguments(AskedQuery, location="query")
@door.response(200, OneFeatureAndAsk, content_type=GEOJSON, example={**examples.ONE, "ask": ASK})
@door.alt_response(304, description="The answer has not changed.", success=True)
def get_facility(asked: Mapping[str, Any], facility_id: int) -> Response:
    """Return one facility, with the facts that visitors observed.

    ask is the facility nearby whose next rating is worth most: a question for a person who has been there. A phone
    asks at most once a day, remembers when, and sends it as last_asked_at. docs/asks.md has the rules.
    """
    return answer_one(facility_id, asked)


def answer_list(parameters: Mapping[str, Any]) -> Response:
    """Return the response to a search, for the mobile and the partner API.

    Args:
        parameters: the query as loaded by schemas.FacilitiesQuery.
    """
    as_of, language = this_minute(now()), callers_language()
    with database().read() as session:
        if unchanged := not_modified(session, as_of, language.code):
            return spoken(unchanged, language)
        query = _query(parameters, as_of)
        if isinstance(query, search.NearbyQuery):
            found, mode = search.nearby(session, query), query.mode
        else:
            found, mode = search.in_box(session, query), "walk"
        shown = show(session, found.facilities, language, mode)
        if parameters["explain"]:
            priors = storage.explained(session, [row.id for row in found.facilities], as_of)
            add_explanations(shown, found.facilities, RANKINGS[query.rank, mode], priors)
    document = {
        "type": "FeatureCollection",
        "features": shown.features,
        "as_of": as_of,
        "widened": found.widened,
        "note": list_note(query, found, language),
        "attribution": shown.attribution,
    }
    return spoken(answer(document, GEOJSON, as_of, found.data_version, language.code), language)


def answer_one(facility_id: int, asked: Mapping[str, Any] | None = None) -> Response:
    """Return the response about one facility, for the mobile and the partner API.

    Args:
        facility_id: the facility.
        asked: what a phone remembers of earlier questions; None to ask nothing.
    """
    as_of, language = this_minute(now()), callers_language()
    with database().read() as session:
        if unchanged := not_modified(session, as_of, language.code):
            return spoken(unchanged, language)
        found = search.one(session, facility_id, as_of)
        shown = show(session, found.facilities, language)
        seen = observed.shares(session, facility_id)
        document = {
            **shown.features[0],
            "observed": {fact: asdict(share) for fact, share in seen.items()},
            "as_of": as_of,
            "attribution": shown.attribution,
        }
        if asked is not None:
            lon, lat = shown.features[0]["geometry"]["coordinates"]
            about = questions(session, Asking(Point(lon, lat), as_of, **asked), language)
            document["ask"] = next(iter(about.asks), None)
            document["attribution"] += [terms for terms in about.attribution if terms not in shown.attribution]
    return spoken(answer(document, GEOJSON, as_of, found.data_version, language.code), language)


def _query(parameters: Mapping[str, Any], as_of: datetime) -> search.NearbyQuery | search.BoxQuery:
    needs = filters.needs_of(parameters, **parameters.get("open", {}))
    if "bbox" in parameters:
        return search.BoxQuery(parameters["bbox"], as_of, parameters["limit"], needs, parameters["rank"])
    return search.NearbyQuery(
        Point(parameters["lon"], parameters["lat"]),
        as_of,
        parameters.get("radius_m", schemas.DEFAULT_RADIUS_M),
        parameters["limit"],
        needs,
        parameters["rank"],
        parameters.get("mode", "walk"),
    )


doors = (door,)
