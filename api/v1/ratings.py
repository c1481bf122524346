"""Ratings of a facility: list all, and create, read and delete the caller's own."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Response

from api.callers import CONTRIBUTOR, DEVICE, calling_device, calling_network
from api.conditional import answer, not_modified, this_minute
from api.declarations import EVERYBODY
from api.geojson import feature
from api.replies import private
from api.services import database, now
from api.strictness import JSON, Door
from api.v1 import examples, replies, requests
from api.v1.facilities import FACILITY_ID
from geo.crowd import devices, ratings
from geo.crowd.trust import Circumstances
from geo.database import Session
from geo.errors import FacilityNotFound, RatingNotFound
from geo.facilities import search

door = Door("ratings", __name__, url_prefix="/v1/facilities", description="Rate how clean a place was.")


@door.route(f"/{FACILITY_ID}/rating", methods=["PUT"], caller=CONTRIBUTOR, raises=(FacilityNotFound,))
@door.arguments(requests.NewRating, example=examples.NEW_RATING)
@door.response(200, replies.RatingReceipt, example=examples.RECEIPT, description="Replaced.")
@door.alt_response(201, schema=replies.RatingReceipt, example=examples.RECEIPT, description="Given.", success=True)
def put_rating(said: Mapping[str, Any], facility_id: int) -> Response:
    """Create or replace the caller's rating of a facility.

    A device has one current rating per facility; rating again replaces it. Repeating a request has no further effect,
    so that a phone that got no response may retry.
    """
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        rating = ratings.NewRating(said["stars"], said["comment"] or None, said["observed"])
        circumstances = Circumstances(calling_network(session), said["presence"])
        is_first = ratings.rate(session, facility_id, device.device_id, rating, as_of, circumstances=circumstances)
        devices.renew(session, device, as_of)
        receipt = _receipt(session, facility_id, device, as_of)
        session.commit()
    return private(receipt, status=201 if is_first else 200)


@door.route(f"/{FACILITY_ID}/rating", methods=["GET"], caller=DEVICE, raises=(FacilityNotFound, RatingNotFound))
@door.response(200, replies.RatingReceipt, example=examples.RECEIPT)
def get_rating(facility_id: int) -> Response:
    """Return the caller's own rating of a facility."""
    as_of = now()
    with database().read() as session:
        device = calling_device(session, as_of)
        return private(_receipt(session, facility_id, device, as_of))


@door.route(f"/{FACILITY_ID}/rating", methods=["DELETE"], caller=CONTRIBUTOR, raises=(FacilityNotFound,))
@door.response(204, description="The caller has no rating of this facility.")
def delete_rating(facility_id: int) -> Response:
    """Delete the caller's rating. Deleting a rating that does not exist succeeds, so that requests may be repeated."""
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        ratings.withdraw(session, facility_id, device.device_id, as_of)
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})


@door.route(f"/{FACILITY_ID}/ratings", caller=EVERYBODY, raises=(FacilityNotFound,))
@door.arguments(requests.RatingsQuery, location="query")
@door.response(200, replies.RatingPage, example=examples.RATINGS)
@door.alt_response(304, description="The answer has not changed.", success=True)
def list_ratings(asked: Mapping[str, Any], facility_id: int) -> Response:
    """Return the ratings of a facility, newest first."""
    as_of = this_minute(now())
    with database().read() as session:
        if unchanged := not_modified(session, as_of):
            return unchanged
        found = search.one(session, facility_id, as_of)
        page = ratings.of_facility(session, facility_id, asked["limit"] + 1, asked.get("cursor"))
    shown = page[: asked["limit"]]
    document = {
        "ratings": [_public(rating) for rating in shown],
        "next_cursor": _cursor(shown[-1]) if len(page) > len(shown) else None,
    }
    return answer(document, JSON, as_of, found.data_version)


def _receipt(session: Session, facility_id: int, device: devices.KnownDevice, as_of: datetime) -> dict[str, Any]:
    facility = search.one(session, facility_id, as_of).facilities[0]
    own = ratings.own(session, facility_id, device.device_id)
    return {
        **_public(own),
        "comment_state": own.comment_state,
        "facility_id": facility_id,
        "facility_rating": feature(facility)["properties"]["rating"],
    }


def _public(rating: ratings.LiveRating) -> dict[str, Any]:
    said = asdict(rating)
    said.pop("comment_state")
    return {"id": said.pop("rating_id"), **said}


def _cursor(rating: ratings.LiveRating) -> str:
    """Return the cursor after a page: the time and id of its last rating."""
    return f"{rating.rated_at.astimezone(UTC).strftime(requests.CURSOR_TIME)}-{rating.rating_id}"
