"""The moderators' queue, decisions and appeals, under /admin/v1."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.http.callers import calling_staff, staff
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.paging import Page
from api.http.paths import id_segment
from api.http.problems import STATUS_OF
from api.http.responses import private
from api.http.services import database, now
from api.moderation import examples, schemas
from api.moderation.texts import reason_text
from geo.casework import decisions, queue
from geo.casework.statements import REASONS
from geo.errors import Conflict, NotAllowed, OutOfDate, ThingNotFound
from geo.moderation import appeals, decide, targets, viewing
from geo.moderation.actions.action import NewDecision

queue_door = Door("queue", __name__, url_prefix="/admin/v1", description="What moderators should look at.")

ITEM_ID = id_segment("item_id")

DECISION_ERRORS = (ThingNotFound, NotAllowed, Conflict, OutOfDate)
"""The errors of a decision on a queue item, alone or in bulk."""


@queue_door.route("/queue", caller=staff("reader"))
@queue_door.arguments(schemas.QueueQuery, location="query")
@queue_door.response(200, schemas.QueuePage, example=examples.QUEUE)
def list_queue(asked: Mapping[str, Any]) -> Response:
    """The queue, the most urgent first."""
    query = queue.QueueQuery(
        kinds=tuple(asked["kind"]) if "kind" in asked else None,
        state=asked["state"],
        opened_before=asked.get("opened_before"),
        score_at_least=asked.get("min_score"),
        limit=asked["limit"] + 1,
        after=asked.get("cursor"),
    )
    with database().read() as session:
        page = [dict(item) for item in queue.page(session, query)]
    shown = page[: asked["limit"]]
    cursor = f"{shown[-1]['score']!r}-{shown[-1]['id']}" if len(page) > len(shown) else None
    return private({"items": shown, "next_cursor": cursor})


@queue_door.route(f"/queue/{ITEM_ID}", caller=staff("reader"), raises=(ThingNotFound,))
@queue_door.response(200, schemas.QueueItemInFull, example=examples.IN_FULL)
def get_queue_item(item_id: int) -> Response:
    """A queue item, with what it is about, hidden or not, and what was reported of it."""
    with database().read() as session:
        item = dict(queue.one(session, item_id))
        kind = queue.target_kind(item["kind"])
        thing = viewing.thing(session, kind, item["thing_id"])
        told = [dict(report) for report in viewing.reports_of(session, kind, item["thing_id"])]
    return private({**item, "thing": thing, "reports": told})


@queue_door.route(
    f"/queue/{ITEM_ID}/claim", methods=["POST"], caller=staff("moderator"), raises=(ThingNotFound, Conflict)
)
@queue_door.response(200, schemas.QueueItem, example=examples.ITEM)
def claim_queue_item(item_id: int) -> Response:
    """Keep others from deciding on an item for a quarter of an hour, or for another one."""
    with database().write() as session:
        item = dict(queue.claim(session, item_id, calling_staff(), now()))
        session.commit()
    return private(item)


@queue_door.route(f"/queue/{ITEM_ID}/decision", methods=["POST"], caller=staff("moderator"), raises=DECISION_ERRORS)
@queue_door.arguments(schemas.ItemDecision, example=examples.ITEM_DECISION)
@queue_door.response(201, schemas.Made, example=examples.MADE)
def decide_queue_item(said: Mapping[str, Any], item_id: int) -> Response:
    """Decide on an item as it was seen: 412 where something has been added since, 409 where somebody was faster."""
    return private({"decision_id": _decide(item_id, said["version"], new_decision(said), dry_run=False)}, status=201)


@queue_door.route("/queue/decisions", methods=["POST"], caller=staff("senior"))
@queue_door.arguments(schemas.BulkDecision, example=examples.BULK)
@queue_door.response(200, schemas.BulkOutcomes, example=examples.BULK_OUTCOMES)
def decide_queue_items(said: Mapping[str, Any]) -> Response:
    """Decide on many items alike, each for itself: what stands in the way of one stops no other."""
    outcomes = [_outcome(item["id"], item["version"], new_decision(said), said["dry_run"]) for item in said["items"]]
    return private({"dry_run": said["dry_run"], "items": outcomes})


@queue_door.route("/reasons", caller=staff("reader"))
@queue_door.response(200, schemas.Reasons, example=examples.REASONS)
def list_reasons() -> Response:
    """Return the predefined reasons, as their authors read them in the language of Accept-Language."""
    language = callers_language()
    reasons = [
        {"id": name, "text": reason_text(name, language), "category": category} for name, category in REASONS.items()
    ]
    return spoken(private({"reasons": reasons}), language)


def new_decision(said: Mapping[str, Any]) -> NewDecision:
    """What a body decides."""
    window = (said["from_"], said["until"]) if "from_" in said else None
    return NewDecision(said["action"], said["reason"], said["note"] or None, window, said.get("rated_at"))


def _decide(item_id: int, version: int, decision: NewDecision, *, dry_run: bool) -> int:
    with database().write() as session:
        seen = decide.SeenItem(item_id, version)
        decision_id = decide.on_item(session, calling_staff(), seen, decision, now())
        if not dry_run:
            session.commit()
    return decision_id


def _outcome(item_id: int, version: int, decision: NewDecision, dry_run: bool) -> dict[str, Any]:
    """What came of one of many; a transaction for each, so that no two of them wait for each other in a circle."""
    status, detail = 201, None
    try:
        _decide(item_id, version, decision, dry_run=dry_run)
    except DECISION_ERRORS as error:
        status, detail = STATUS_OF[type(error)], str(error)
    return {"id": item_id, "decided": detail is None, "status": status, "detail": detail}


decisions_door = Door("decisions", __name__, url_prefix="/admin/v1", description="What was decided, and why.")

_COLUMNS = tuple(schemas.Decision().fields)


@decisions_door.route("/decisions", caller=staff("reader"))
@decisions_door.arguments(Page, location="query")
@decisions_door.response(200, schemas.DecisionPage, example=examples.DECISIONS)
def list_decisions(asked: Mapping[str, Any]) -> Response:
    """All decisions, newest first."""
    with database().read() as session:
        page = decisions.page(session, asked["limit"] + 1, asked.get("cursor"))
    shown = page[: asked["limit"]]
    told = [{name: row[name] for name in _COLUMNS} for row in shown]
    return private({"decisions": told, "next_cursor": shown[-1]["id"] if len(page) > len(shown) else None})


@decisions_door.route(
    "/decisions", methods=["POST"], caller=staff("moderator"), raises=(ThingNotFound, NotAllowed, Conflict, OutOfDate)
)
@decisions_door.arguments(schemas.DirectDecision, example=examples.DIRECT)
@decisions_door.response(201, schemas.Made, example=examples.MADE)
def make_decision(said: Mapping[str, Any]) -> Response:
    """Decide on a place, a comment or a device that nobody reported."""
    as_of = now()
    with database().write() as session:
        target = targets.lock(session, said["thing"], said.get("thing_id"), said.get("handle"))
        decision_id = decide.on_target(session, calling_staff(), target, new_decision(said), as_of)
        session.commit()
    return private({"decision_id": decision_id}, status=201)


@decisions_door.route(
    f"/decisions/{id_segment('decision_id')}/revert",
    methods=["POST"],
    caller=staff("senior"),
    raises=(ThingNotFound, NotAllowed, Conflict),
)
@decisions_door.arguments(schemas.Revert, example={"reason": "mistake", "note": "We read it wrongly."})
@decisions_door.response(201, schemas.Made, example=examples.MADE)
def revert_decision(said: Mapping[str, Any], decision_id: int) -> Response:
    """Take a decision back, by a new one; what was restricted is restored."""
    as_of = now()
    with database().write() as session:
        asked = decide.Revert(decision_id, said["reason"], said["note"] or None)
        made = decide.revert(session, calling_staff(), asked, as_of)
        appeals.end_others(session, decision_id, as_of)
        session.commit()
    return private({"decision_id": made}, status=201)


@decisions_door.route("/appeals", caller=staff("reader"))
@decisions_door.arguments(schemas.AppealQuery, location="query")
@decisions_door.response(200, schemas.AppealPage, example=examples.APPEALS)
def list_appeals(asked: Mapping[str, Any]) -> Response:
    """Appeals, oldest first."""
    with database().read() as session:
        page = [dict(row) for row in appeals.page(session, asked["state"], asked["limit"] + 1, asked.get("cursor"))]
    shown = page[: asked["limit"]]
    return private({"appeals": shown, "next_cursor": shown[-1]["id"] if len(page) > len(shown) else None})


@decisions_door.route(
    f"/appeals/{id_segment('appeal_id')}/decision",
    methods=["POST"],
    caller=staff("moderator"),
    raises=(ThingNotFound, NotAllowed, Conflict, OutOfDate),
)
@decisions_door.arguments(schemas.AppealDecision, example=examples.APPEAL_DECISION)
@decisions_door.response(204, description="Answered; a granted appeal has reverted the decision.")
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


doors = (queue_door, decisions_door)
