"""/admin/v1/queue: lists and claims queue items, and decides on one or many of them."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.admin import examples, replies, requests
from api.callers import calling_staff, staff
from api.problems import STATUS_OF
from api.replies import private
from api.services import database, now
from api.strictness import Door, id_segment
from geo.casework import queue
from geo.casework.statements import REASONS
from geo.errors import Conflict, NotAllowed, OutOfDate, ThingNotFound
from geo.moderation import decide, viewing
from geo.moderation.actions.action import NewDecision

door = Door("queue", __name__, url_prefix="/admin/v1", description="What moderators should look at.")

ITEM_ID = id_segment("item_id")

DECISION_ERRORS = (ThingNotFound, NotAllowed, Conflict, OutOfDate)
"""The errors of a decision on a queue item, alone or in bulk."""


@door.route("/queue", caller=staff("reader"))
@door.arguments(requests.QueueQuery, location="query")
@door.response(200, replies.QueuePage, example=examples.QUEUE)
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


@door.route(f"/queue/{ITEM_ID}", caller=staff("reader"), raises=(ThingNotFound,))
@door.response(200, replies.QueueItemInFull, example=examples.IN_FULL)
def get_queue_item(item_id: int) -> Response:
    """A queue item, with what it is about, hidden or not, and what was reported of it."""
    with database().read() as session:
        item = dict(queue.one(session, item_id))
        kind = queue.target_kind(item["kind"])
        content = viewing.content(session, kind, item["target_id"])
        reports = [dict(report) for report in viewing.reports_of(session, kind, item["target_id"])]
    return private({**item, "content": content, "reports": reports})


@door.route(f"/queue/{ITEM_ID}/claim", methods=["POST"], caller=staff("moderator"), raises=(ThingNotFound, Conflict))
@door.response(200, replies.QueueItem, example=examples.ITEM)
def claim_queue_item(item_id: int) -> Response:
    """Keep others from deciding on an item for a quarter of an hour, or for another one."""
    with database().write() as session:
        item = dict(queue.claim(session, item_id, calling_staff(), now()))
        session.commit()
    return private(item)


@door.route(f"/queue/{ITEM_ID}/decision", methods=["POST"], caller=staff("moderator"), raises=DECISION_ERRORS)
@door.arguments(requests.ItemDecision, example=examples.ITEM_DECISION)
@door.response(201, replies.Made, example=examples.MADE)
def decide_queue_item(said: Mapping[str, Any], item_id: int) -> Response:
    """Decide on an item as it was seen: 412 where something has been added since, 409 where somebody was faster."""
    return private({"decision_id": _decide(item_id, said["version"], new_decision(said), dry_run=False)}, status=201)


@door.route("/queue/decisions", methods=["POST"], caller=staff("senior"))
@door.arguments(requests.BulkDecision, example=examples.BULK)
@door.response(200, replies.BulkOutcomes, example=examples.BULK_OUTCOMES)
def decide_queue_items(said: Mapping[str, Any]) -> Response:
    """Decide on many items alike, each for itself: what stands in the way of one stops no other."""
    outcomes = [_outcome(item["id"], item["version"], new_decision(said), said["dry_run"]) for item in said["items"]]
    return private({"dry_run": said["dry_run"], "items": outcomes})


@door.route("/reasons", caller=staff("reader"))
@door.response(
    200,
    replies.Reasons,
    example={"reasons": [{"id": "spam", "text": REASONS["spam"].text, "category": REASONS["spam"].category}]},
)
def list_reasons() -> Response:
    """The canned reasons, as authors read them."""
    told = [{"id": name, "text": reason.text, "category": reason.category} for name, reason in REASONS.items()]
    return private({"reasons": told})


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
