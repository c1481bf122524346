"""/admin/v1/decisions and /admin/v1/appeals: what was decided, what is taken back, what authors object to."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.admin import examples, replies, requests
from api.admin.queue import new_decision
from api.callers import calling_staff, staff
from api.replies import private
from api.services import database, now
from api.strictness import Door, id_segment
from geo.casework import decisions
from geo.errors import Conflict, NotAllowed, OutOfDate, ThingNotFound
from geo.moderation import appeals, decide, targets

door = Door("decisions", __name__, url_prefix="/admin/v1", description="What was decided, and why.")

_COLUMNS = tuple(replies.Decision().fields)


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
@door.arguments(requests.DirectDecision, example=examples.DIRECT)
@door.response(201, replies.Made, example=examples.MADE)
def make_decision(said: Mapping[str, Any]) -> Response:
    """Decide on a place, a comment or a device that nobody reported."""
    as_of = now()
    with database().write() as session:
        target = targets.lock(session, said["target"], said.get("target_id"), said.get("handle"))
        decision_id = decide.on_target(session, calling_staff(), target, new_decision(said), as_of)
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
        asked = decide.Revert(decision_id, said["reason"], said["note"] or None)
        made = decide.revert(session, calling_staff(), asked, as_of)
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
@door.arguments(requests.AppealDecision, example=examples.APPEAL_DECISION)
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
