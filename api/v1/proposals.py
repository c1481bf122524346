"""POST /v1/proposals: proposes a new place or a change to an existing one."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response

from api.callers import CONTRIBUTOR, calling_device
from api.replies import private
from api.services import database, now
from api.strictness import Door
from api.v1 import crowd_replies, crowd_requests
from geo.coordinates import Point
from geo.crowd import proposals
from geo.database import Session
from geo.errors import FacilityNotFound

door = Door("proposals", __name__, url_prefix="/v1/proposals", description="Propose a place or a change to one.")

NEW = {
    "lat": 60.1708,
    "lon": 24.9414,
    "attributes": {"kind": "toilets", "name": "Asema-aukio", "wheelchair": "yes", "opening_hours": "Mo-Su 06:00-22:00"},
    "note": "Beside the eastern entrance.",
}

RECEIPT = {
    "id": 7,
    "state": "pending",
    "likely_duplicates": [{"facility_id": 12, "name": "Asema-aukio", "kind": "toilets", "distance_m": 12.4}],
}


@door.route("", methods=["POST"], caller=CONTRIBUTOR, raises=(FacilityNotFound,))
@door.arguments(crowd_requests.NewProposal, example=NEW)
@door.response(201, crowd_replies.ProposalReceipt, example=RECEIPT)
def propose(said: Mapping[str, Any]) -> Response:
    """Propose a new place or a change to an existing one.

    Nothing changes for other users until a moderator accepts the proposal. The response lists places within 50 m, or
    within 150 m under a similar name: the proposed place may be one of them.
    """
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        receipt = put_before_staff(session, said, as_of, device_id=device.device_id)
        session.commit()
    return private(receipt, status=201)


def put_before_staff(
    session: Session,
    said: Mapping[str, Any],
    as_of: datetime,
    *,
    device_id: int | None = None,
    partner_id: int | None = None,
) -> dict[str, Any]:
    """Store a proposal for review and return its receipt, for the mobile and the partner API.

    Args:
        session: a write session.
        said: the body as loaded by crowd_requests.NewProposal.
        as_of: now.
        device_id: the device that proposes, or None for a partner.
        partner_id: the partner that proposes, or None for a device.
    """
    location = Point(said["lon"], said["lat"]) if "lat" in said else None
    new = proposals.NewProposal(
        said["facility_id"],
        location,
        said["attributes"],
        said["note"] or None,
        device_id=device_id,
        partner_id=partner_id,
    )
    proposal_id, duplicates = proposals.propose(session, new, as_of)
    listed = [asdict(duplicate) for duplicate in duplicates]
    return {"id": proposal_id, "state": "pending", "likely_duplicates": listed}
