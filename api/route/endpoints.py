"""POST /v1/route/stops: plans stops along a route."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.responses import private
from api.http.services import database, now
from api.places.geojson import GEOJSON
from api.route import examples, schemas
from api.route.document import document
from geo.ahead.route.journey import StopsQuery
from geo.ahead.route.stops import along
from geo.errors import InvalidRoute

door = Door(
    "route",
    __name__,
    url_prefix="/v1/route",
    description="Plan stops along a route.",
    max_body_bytes=schemas.MAX_BODY_BYTES,
)


@door.route("/stops", methods=["POST"], caller=EVERYBODY, raises=(InvalidRoute,))
@door.arguments(schemas.RouteStopsRequest, example=examples.REQUEST)
@door.response(200, schemas.RouteStops, content_type=GEOJSON, example=examples.STOPS)
def find_route_stops(body: Mapping[str, Any]) -> Response:
    """Return the facilities along a route, and a plan of stops.

    Each facility is evaluated for the time when the traveller passes it: those closed by then are excluded, those with
    unknown hours are marked. The plan keeps every gap within the traveller's comfort time at the least cost. The route
    is not stored or logged.
    """
    query = StopsQuery(as_of=now(), **body)
    language = callers_language()
    with database().read() as session:
        stops = document(session, query, along(session, query), language)
    return spoken(private(stops, mimetype=GEOJSON), language)


doors = (door,)
