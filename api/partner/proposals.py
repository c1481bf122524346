"""POST /partner/v1/proposals: a partner proposes a new place or a change to an existing one."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api import limits
from api.partner.callers import calling_key, partner, tell_standing
from api.replies import private
from api.services import database, now
from api.strictness import Door
from api.v1 import crowd_replies, crowd_requests, proposals
from geo.errors import FacilityNotFound

door = Door(
    "partner proposals",
    __name__,
    url_prefix="/partner/v1/proposals",
    description="Proposals by partners.",
)
door.after_request(tell_standing)


@door.route("", methods=["POST"], caller=partner("proposals:write"), raises=(FacilityNotFound,))
@door.arguments(crowd_requests.NewProposal, example=proposals.NEW)
@door.response(201, crowd_replies.ProposalReceipt, example=proposals.RECEIPT)
def propose_as_partner(said: Mapping[str, Any]) -> Response:
    """Propose a new place or a change to one, with a secret key that has the scope proposals:write.

    Nothing changes for other users until a moderator accepts the proposal.
    """
    as_of = now()
    partner_id = calling_key().partner_id
    with database().write() as session:
        limits.count_proposal(session, partner_id)
        receipt = proposals.put_before_staff(session, said, as_of, partner_id=partner_id)
        session.commit()
    return private(receipt, status=201)
