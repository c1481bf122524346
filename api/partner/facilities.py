"""GET /partner/v1/facilities and GET /partner/v1/facilities/{id}: the answers of /v1/facilities, for partners."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.conditional import MAX_AGE_S
from api.geojson import GEOJSON
from api.partner.callers import partner, tell_standing
from api.strictness import Door
from api.v1 import examples, replies, requests
from api.v1.facilities import FACILITY_ID, answer_list, answer_one
from geo.errors import FacilityNotFound

door = Door(
    "partner facilities",
    __name__,
    url_prefix="/partner/v1/facilities",
    description="Search for facilities, for partner sites.",
)
door.after_request(tell_standing)


@door.after_request
def keep_for_the_caller(response: Response) -> Response:
    """Let only the browser's own cache store the response.

    The data are public, but the response requires a key: a shared cache would return it to callers without one.
    """
    if response.status_code in {200, 304}:
        response.headers["Cache-Control"] = f"private, max-age={MAX_AGE_S}"
    return response


@door.route("", caller=partner("facilities:read"))
@door.arguments(requests.FacilitiesQuery, location="query")
@door.response(200, replies.FeatureCollection, content_type=GEOJSON, example=examples.COLLECTION)
@door.alt_response(304, description="The answer has not changed.", success=True)
def list_partner_facilities(asked: Mapping[str, Any]) -> Response:
    """Return the best facilities near a point or in a bounding box: the same response as GET /v1/facilities."""
    return answer_list(asked)


@door.route(f"/{FACILITY_ID}", caller=partner("facilities:read"), raises=(FacilityNotFound,))
@door.response(200, replies.OneFeature, content_type=GEOJSON, example=examples.ONE)
@door.alt_response(304, description="The answer has not changed.", success=True)
def get_partner_facility(facility_id: int) -> Response:
    """Return one facility: the same response as GET /v1/facilities/{facility_id}."""
    return answer_one(facility_id)
