"""What visitors contribute: devices register, rate facilities, report problems and propose places."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Response

from api.crowd import examples, schemas
from api.crowd.texts import why_it_counts_less
from api.http import limits
from api.http.callers import CONTRIBUTOR, DEVICE, calling_device, calling_network, calling_page
from api.http.conditional import answer, not_modified, this_minute
from api.http.declarations import EVERYBODY
from api.http.door import JSON, Door
from api.http.languages import callers_language, spoken
from api.http.paging import page_document
from api.http.paths import id_segment
from api.http.responses import private
from api.http.services import database, now
from api.places.endpoints import FACILITY_ID, UNSEEN
from api.places.geojson import bare_feature, spoken_rating
from geo.coordinates import Point
from geo.crowd import devices, proposals, ratings, reports, trust
from geo.crowd.trust import Circumstances
from geo.database import Session
from geo.errors import FacilityNotFound, RatingNotFound, RecordNotFound
from geo.facilities import search

devices_door = Door("devices", __name__, url_prefix="/v1/devices", description="Get a token to rate with.")


@devices_door.route("", methods=["POST"], caller=EVERYBODY)
@devices_door.response(201, schemas.NewDevice, example=examples.DEVICE)
def register_device() -> Response:
    """Register a device.

    The request takes no data, and only the token identifies the device. The token is returned only once: store it. It
    expires a year after its last renewal; a rating renews it.
    """
    with database().write() as session:
        limits.count_registration(session, calling_network(session))
        device = devices.register(session, now())
        session.commit()
    return private({"token": device.token, "expires_at": device.expires_at}, status=201)


ratings_door = Door("ratings", __name__, url_prefix="/v1/facilities", description="Rate how clean a place is.")


@ratings_door.route(f"/{FACILITY_ID}/rating", methods=["PUT"], caller=CONTRIBUTOR, raises=UNSEEN)
@ratings_door.arguments(schemas.NewRating, example=examples.NEW_RATING)
@ratings_door.response(200, schemas.RatingReceipt, example=examples.RATING_RECEIPT, description="Replaced.")
@ratings_door.alt_response(
    201, schema=schemas.RatingReceipt, example=examples.RATING_RECEIPT, description="Created.", success=True
)
def put_rating(body: Mapping[str, Any], facility_id: int) -> Response:
    """Create or replace the caller's rating of a facility.

    A device has one current rating per facility; rating again replaces it. Repeating a request has no further effect,
    so that a phone that got no response may retry.
    """
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        rating = ratings.NewRating(body["stars"], body["comment"] or None, body["observed"])
        circumstances = Circumstances(calling_network(session), body["presence"], calling_page())
        is_first = ratings.rate(session, facility_id, device.device_id, rating, as_of, circumstances=circumstances)
        devices.renew(session, device, as_of)
        receipt = _receipt(session, facility_id, device, as_of)
        session.commit()
    return spoken(private(receipt, status=201 if is_first else 200), callers_language())


@ratings_door.route(f"/{FACILITY_ID}/rating", methods=["GET"], caller=DEVICE, raises=(*UNSEEN, RatingNotFound))
@ratings_door.response(200, schemas.RatingReceipt, example=examples.RATING_RECEIPT)
def get_rating(facility_id: int) -> Response:
    """Return the caller's own rating of a facility."""
    as_of = now()
    with database().read() as session:
        device = calling_device(session, as_of)
        return spoken(private(_receipt(session, facility_id, device, as_of)), callers_language())


@ratings_door.route(f"/{FACILITY_ID}/rating", methods=["DELETE"], caller=DEVICE, raises=UNSEEN)
@ratings_door.response(204, description="The caller has no rating of this facility.")
def delete_rating(facility_id: int) -> Response:
    """Delete the caller's rating. Deleting a rating that does not exist succeeds, so that requests may be repeated.

    A suspended device may do so, too, and a device may delete its rating of a facility that is hidden by now.
    """
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        limits.count_write(session, device.device_id)
        ratings.withdraw(session, facility_id, device.device_id, as_of)
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})


@ratings_door.route(f"/{FACILITY_ID}/ratings", caller=EVERYBODY, raises=UNSEEN)
@ratings_door.arguments(schemas.RatingsQuery, location="query")
@ratings_door.response(200, schemas.RatingPage, example=examples.RATINGS)
@ratings_door.alt_response(304, description="The answer has not changed.", success=True)
def list_ratings(parameters: Mapping[str, Any], facility_id: int) -> Response:
    """Return the ratings of a facility, newest first."""
    as_of = this_minute(now())
    with database().read() as session:
        if unchanged := not_modified(session, as_of):
            return unchanged
        found = search.one(session, facility_id, as_of)
        page = ratings.of_facility(session, facility_id, parameters["limit"], parameters.get("cursor"))
    return answer(page_document("ratings", page, _public, _cursor), JSON, as_of, found.data_version)


def _receipt(session: Session, facility_id: int, device: devices.KnownDevice, as_of: datetime) -> dict[str, Any]:
    facility = search.one(session, facility_id, as_of).facilities[0]
    own = ratings.own(session, facility_id, device.device_id)
    weights, language = trust.weights_of(session, facility_id, device.device_id), callers_language()
    return {
        **_public(own),
        "comment_state": own.comment_state,
        "counts_as": {**weights._asdict(), "why": why_it_counts_less(weights, language)},
        "facility_id": facility_id,
        "facility_rating": spoken_rating(bare_feature(facility), language),
    }


def _public(rating: ratings.LiveRating) -> dict[str, Any]:
    members = asdict(rating)
    members.pop("comment_state")
    return {"id": members.pop("rating_id"), **members}


def _cursor(rating: ratings.LiveRating) -> str:
    """Return the cursor after a page: the time and id of its last rating."""
    return f"{rating.rated_at.astimezone(UTC).strftime(schemas.CURSOR_TIME)}-{rating.rating_id}"


reports_door = Door("reports", __name__, url_prefix="/v1", description="Report a problem.")


@reports_door.route(
    f"/facilities/{FACILITY_ID}/reports",
    methods=["POST"],
    caller=CONTRIBUTOR,
    raises=(*UNSEEN, RecordNotFound),
)
@reports_door.arguments(schemas.NewReport, example={"reason": "closed", "note": "Boarded up since Monday."})
@reports_door.response(200, schemas.ReportReceipt, example=examples.REPORT_RECEIPT, description="Reported before.")
@reports_door.alt_response(
    201, schema=schemas.ReportReceipt, example=examples.REPORT_RECEIPT, description="Created.", success=True
)
def report_facility(body: Mapping[str, Any], facility_id: int) -> Response:
    """Report a place or the comment of one of its ratings.

    A device has one open report per target and reason. Reports of ``closed`` from three networks within a week with a
    total weight of at least 2, and no rating since, set the status ``reported_closed``. It ends after a month, when a
    moderator decides, or when later ratings by other visitors reach the same weight. A device that has rated two places
    weighs 1, others 0.3; any number of reports weighs at most as much as the three heaviest.

    Reports of ``out_of_order`` with a total weight of at least 1 show this in ``status_note`` and rank the place last.
    It ends after 24 hours, when a moderator decides, or when two other visitors rate the place. Such a report can be
    repeated after 24 hours.
    """
    if body["rating_id"] is None:
        return _take("facility", facility_id, body)
    return _take("comment", body["rating_id"], body, facility_id)


@reports_door.route(
    f"/proposals/{id_segment('proposal_id')}/reports", methods=["POST"], caller=CONTRIBUTOR, raises=(RecordNotFound,)
)
@reports_door.arguments(schemas.NewProposalReport, example={"reason": "spam"})
@reports_door.response(200, schemas.ReportReceipt, example=examples.REPORT_RECEIPT, description="Reported before.")
@reports_door.alt_response(
    201, schema=schemas.ReportReceipt, example=examples.REPORT_RECEIPT, description="Created.", success=True
)
def report_proposal(body: Mapping[str, Any], proposal_id: int) -> Response:
    """Report a pending proposal."""
    return _take("proposal", proposal_id, body)


def _take(target: reports.TargetKind, target_id: int, body: Mapping[str, Any], place_id: int | None = None) -> Response:
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        network = calling_network(session)
        new = reports.NewReport(target, target_id, body["reason"], network, body["note"] or None, place_id)
        receipt = reports.report(session, device, new, as_of)
        session.commit()
    document = {"id": receipt.report_id, "reason": body["reason"], "created_at": receipt.created_at}
    return private(document, status=201 if receipt.is_new else 200)


proposals_door = Door(
    "proposals", __name__, url_prefix="/v1/proposals", description="Propose a place or a change to one."
)


@proposals_door.route("", methods=["POST"], caller=CONTRIBUTOR, raises=(FacilityNotFound,))
@proposals_door.arguments(schemas.NewProposal, example=examples.NEW_PROPOSAL)
@proposals_door.response(201, schemas.ProposalReceipt, example=examples.PROPOSAL_RECEIPT)
def propose(body: Mapping[str, Any]) -> Response:
    """Propose a new place or a change to an existing one.

    Nothing changes for other users until a moderator accepts the proposal. The response lists places within 50 m, or
    within 150 m under a similar name: the proposed place may be one of them.
    """
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        receipt = put_before_staff(session, body, as_of, device_id=device.device_id)
        session.commit()
    return private(receipt, status=201)


def put_before_staff(
    session: Session,
    body: Mapping[str, Any],
    as_of: datetime,
    *,
    device_id: int | None = None,
    partner_id: int | None = None,
) -> dict[str, Any]:
    """Store a proposal for review and return its receipt, for the mobile and the partner API.

    Args:
        session: a write session.
        body: the body as loaded by schemas.NewProposal.
        as_of: now.
        device_id: the device that proposes, or None for a partner.
        partner_id: the partner that proposes, or None for a device.
    """
    location = Point(body["lon"], body["lat"]) if "lat" in body else None
    new = proposals.NewProposal(
        body["facility_id"],
        location,
        body["attributes"],
        body["note"] or None,
        device_id=device_id,
        partner_id=partner_id,
    )
    proposal_id, duplicates = proposals.propose(session, new, as_of)
    listed = [asdict(duplicate) for duplicate in duplicates]
    return {"id": proposal_id, "state": "pending", "likely_duplicates": listed}


doors = (devices_door, ratings_door, reports_door, proposals_door)
