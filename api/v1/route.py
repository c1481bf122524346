"""POST /v1/route/stops: the right stop, before the need."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.declarations import EVERYBODY
from api.geojson import GEOJSON
from api.replies import private
from api.services import database, now
from api.strictness import Door
from api.v1 import route_examples, route_replies, route_requests
from api.v1.route_document import document
from geo.ahead import stops
from geo.errors import InvalidRoute

door = Door(
    "route",
    __name__,
    url_prefix="/v1/route",
    description="Find where to stop on the way.",
    max_body_bytes=route_requests.MAX_BODY_BYTES,
)


@door.route("/stops", methods=["POST"], caller=EVERYBODY, raises=(InvalidRoute,))
@door.arguments(route_requests.RouteStopsRequest, example=route_examples.REQUEST)
@door.response(200, route_replies.RouteStops, content_type=GEOJSON, example=route_examples.STOPS)
def find_route_stops(asked: Mapping[str, Any]) -> Response:
    """The stops along a route, and which of them to make.

    Each is judged for the time when the traveller passes it: what is shut by then is left out, what tells no hours is
    marked. The plan keeps every gap within what the traveller can bear, at the least cost. Nothing of the route is
    kept or logged.
    """
    query = stops.StopsQuery(as_of=now(), **asked)
    with database().read() as session:
        journey = stops.along(session, query)
    return private(document(query, journey), mimetype=GEOJSON)
