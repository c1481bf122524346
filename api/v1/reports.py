"""POST /v1/facilities/{id}/reports and POST /v1/proposals/{id}/reports: report a problem."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.callers import CONTRIBUTOR, calling_device, calling_network
from api.replies import private
from api.services import database, now
from api.strictness import Door, id_segment
from api.v1 import crowd_replies, crowd_requests
from api.v1.facilities import FACILITY_ID
from geo.crowd import reports
from geo.errors import FacilityNotFound, ThingNotFound

door = Door("reports", __name__, url_prefix="/v1", description="Report a problem.")

_RECEIPT = {"id": 41, "reason": "closed", "created_at": "2026-11-21T12:00:41.930412Z"}


@door.route(
    f"/facilities/{FACILITY_ID}/reports", methods=["POST"], caller=CONTRIBUTOR, raises=(FacilityNotFound, ThingNotFound)
)
@door.arguments(crowd_requests.NewReport, example={"reason": "closed", "note": "Boarded up since Monday."})
@door.response(200, crowd_replies.ReportReceipt, example=_RECEIPT, description="Reported before.")
@door.alt_response(201, schema=crowd_replies.ReportReceipt, example=_RECEIPT, description="Taken.", success=True)
def report_facility(said: Mapping[str, Any], facility_id: int) -> Response:
    """Report a place or the comment of one of its ratings.

    A device has one open report per target and reason. Reports of ``closed`` from three networks within a week with a
    total weight of at least 2, and no rating since, set the status ``reported_closed``. It ends after a month, when a
    moderator decides, or when later ratings by other visitors reach the same weight.
    """
    if said["rating_id"] is None:
        return _take("facility", facility_id, said)
    return _take("comment", said["rating_id"], said)


@door.route(
    f"/proposals/{id_segment('proposal_id')}/reports", methods=["POST"], caller=CONTRIBUTOR, raises=(ThingNotFound,)
)
@door.arguments(crowd_requests.NewProposalReport, example={"reason": "spam"})
@door.response(200, crowd_replies.ReportReceipt, example=_RECEIPT, description="Reported before.")
@door.alt_response(201, schema=crowd_replies.ReportReceipt, example=_RECEIPT, description="Taken.", success=True)
def report_proposal(said: Mapping[str, Any], proposal_id: int) -> Response:
    """Report a pending proposal."""
    return _take("proposal", proposal_id, said)


def _take(target: reports.TargetKind, target_id: int, said: Mapping[str, Any]) -> Response:
    as_of = now()
    with database().write() as session:
        device = calling_device(session, as_of)
        network = calling_network(session)
        new = reports.NewReport(target, target_id, said["reason"], network, said["note"] or None)
        receipt = reports.report(session, device, new, as_of)
        session.commit()
    document = {"id": receipt.report_id, "reason": said["reason"], "created_at": receipt.created_at}
    return private(document, status=201 if receipt.is_new else 200)
