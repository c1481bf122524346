"""/admin/v1/decisions and /admin/v1/appeals: what was decided, what is taken back, what authors object to."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.admin import examples, replies, requests
from api.admin.queue import verdict
from api.callers import calling_staff, staff
from api.replies import private
from api.services import database, now
from api.strictness import Door, id_segment
from geo.errors import Conflict, NotAllowed, OutOfDate, ThingNotFound
from geo.moderation import appeals, decisions
from geo.moderation.subjects import hold
from geo.moderation.verdicts import make, revert

door = Door("decisions", __name__, url_prefix="/admin/v1", description="What was decided, and why.")

_COLUMNS = tuple(replies.Decision().fields)
"""Of a decision that staff see."""


@door.route("/decisions", caller=staff("reader"))
@door.arguments(requests.Page, location="query")
@door.response(200, replies.DecisionPage, example=examples.DECISIONS)
def list_decisions(asked: Mapping[str, Any]) -> Response:
    """All decisions, newest first."""
    with database().read() as session:
        page = decisions.page(session, asked["limit"] + 1, asked.get("cursor"))
    shown = page[: asked["limit"]]
    told = [{name: row[name] for name in _COLUMNS} for row in shown]
    return private({"decisions": told, "next_cursor": shown[-1]["id"] if len(page) > len(shown) else None})


@door.route(
    "/decisions", methods=["POST"], caller=staff("moderator"), raises=(ThingNotFound, NotAllowed, Conflict, OutOfDate)
)
@door.arguments(requests.DirectVerdict, example=examples.DIRECT)
@door.response(201, replies.Made, example=examples.MADE)
def make_decision(said: Mapping[str, Any]) -> Response:
    """Decide on a place, a comment or a device that nobody reported."""
    as_of = now()
    with database().write() as session:
        subject = hold(session, said["thing"], said.get("thing_id"), said.get("handle"))
        decision_id = make(session, calling_staff(), subject, verdict(said), as_of)
        session.commit()
    return private({"decision_id": decision_id}, status=201)


@door.route(
    f"/decisions/{id_segment('decision_id')}/revert",
    methods=["POST"],
    caller=staff("senior"),
    raises=(ThingNotFound, NotAllowed, Conflict),
)
@door.arguments(requests.Revert, example={"reason": "mistake", "note": "We read it wrongly."})
@door.response(201, replies.Made, example=examples.MADE)
def revert_decision(said: Mapping[str, Any], decision_id: int) -> Response:
    """Take a decision back, by a new one; what was restricted is restored."""
    as_of = now()
    with database().write() as session:
        made = revert(session, calling_staff(), decision_id, as_of, reason=said["reason"], note=said["note"] or None)
        appeals.end_others(session, decision_id, as_of)
        session.commit()
    return private({"decision_id": made}, status=201)


@door.route("/appeals", caller=staff("reader"))
@door.arguments(requests.AppealQuery, location="query")
@door.response(200, replies.AppealPage, example=examples.APPEALS)
def list_appeals(asked: Mapping[str, Any]) -> Response:
    """Appeals, oldest first."""
    with database().read() as session:
        page = [dict(row) for row in appeals.page(session, asked["state"], asked["limit"] + 1, asked.get("cursor"))]
    shown = page[: asked["limit"]]
    return private({"appeals": shown, "next_cursor": shown[-1]["id"] if len(page) > len(shown) else None})


@door.route(
    f"/appeals/{id_segment('appeal_id')}/decision",
    methods=["POST"],
    caller=staff("moderator"),
    raises=(ThingNotFound, NotAllowed, Conflict, OutOfDate),
)
@door.arguments(requests.AppealVerdict, example=examples.APPEAL_VERDICT)
@door.response(204, description="Answered; a granted appeal has reverted the decision.")
def decide_appeal(said: Mapping[str, Any], appeal_id: int) -> Response:
    """Answer an appeal; whoever made the decision may not."""
    with database().write() as session:
        appeals.decide(
            session,
            calling_staff(),
            appeal_id,
            said["version"],
            now(),
            granted=said["outcome"] == "granted",
            answer=said["answer"],
        )
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})
