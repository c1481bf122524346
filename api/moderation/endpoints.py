"""The moderators' queue, decisions and appeals, under /admin/v1."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from operator import itemgetter
from typing import Any

from flask import Response

from api.http.callers import calling_staff, staff
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.paging import PageQuery, page_document
from api.http.paths import id_segment
from api.http.problems import STATUS_OF
from api.http.responses import private
from api.http.services import database, now
from api.moderation import examples, schemas
from api.moderation.texts import reason_text
from geo.casework import decisions, queue
from geo.casework.statements import REASONS
from geo.database import Session
from geo.errors import Conflict, DatabaseUnavailable, NotAllowed, OutOfDate, RecordNotFound
from geo.facilities import changed_hours, recompile
from geo.moderation import appeals, decide, targets, viewing
from geo.moderation.actions.action import NewDecision

queue_door = Door("queue", __name__, url_prefix="/admin/v1", description="Items for moderators to review.")

ITEM_ID = id_segment("item_id")

DECISION_ERRORS = (RecordNotFound, NotAllowed, Conflict, OutOfDate)
"""The errors of a decision on a queue item, alone or in bulk."""


@queue_door.route("/queue", caller=staff("reader"))
@queue_door.arguments(schemas.QueueQuery, location="query")
@queue_door.response(200, schemas.QueuePage, example=examples.QUEUE)
def list_queue(parameters: Mapping[str, Any]) -> Response:
    """Return queue items, the most urgent first."""
    query = queue.QueueQuery(
        kinds=tuple(parameters["kind"]) if "kind" in parameters else None,
        state=parameters["state"],
        opened_before=parameters.get("opened_before"),
        score_at_least=parameters.get("min_score"),
        limit=parameters["limit"],
        after=parameters.get("cursor"),
    )
    with database().read() as session:
        page = queue.page(session, query)
    return private(page_document("items", page, dict, lambda item: f"{item['score']!r}-{item['id']}"))


@queue_door.route(f"/queue/{ITEM_ID}", caller=staff("reader"), raises=(RecordNotFound,))
@queue_door.response(200, schemas.QueueItemInFull, example=examples.IN_FULL)
def get_queue_item(item_id: int) -> Response:
    """Return a queue item with its target, hidden or not, and the reports about it."""
    with database().read() as session:
        item = dict(queue.one(session, item_id))
        kind = queue.target_kind(item["kind"])
        content = viewing.content(session, kind, item["target_id"])
        reports = [dict(report) for report in viewing.reports_of(session, kind, item["target_id"])]
    return private({**item, "content": content, "reports": reports})


@queue_door.route(
    f"/queue/{ITEM_ID}/claim", methods=["POST"], caller=staff("moderator"), raises=(RecordNotFound, Conflict)
)
@queue_door.response(200, schemas.QueueItem, example=examples.ITEM)
def claim_queue_item(item_id: int) -> Response:
    """Claim an item for a quarter of an hour, or extend the claim: only the claimant may decide on it meanwhile."""
    with database().write() as session:
        item = dict(queue.claim(session, item_id, calling_staff(), now()))
        session.commit()
    return private(item)


@queue_door.route(f"/queue/{ITEM_ID}/decision", methods=["POST"], caller=staff("moderator"), raises=DECISION_ERRORS)
@queue_door.arguments(schemas.ItemDecision, example=examples.ITEM_DECISION)
@queue_door.response(201, schemas.Made, example=examples.MADE)
def decide_queue_item(body: Mapping[str, Any], item_id: int) -> Response:
    """Decide on an item in the version that was read.

    The response is 412 if the item has changed since, and 409 if it is already decided.
    """
    return private({"decision_id": _decide(item_id, body["version"], new_decision(body), dry_run=False)}, status=201)


@queue_door.route("/queue/decisions", methods=["POST"], caller=staff("senior"))
@queue_door.arguments(schemas.BulkDecision, example=examples.BULK)
@queue_door.response(200, schemas.BulkOutcomes, example=examples.BULK_OUTCOMES)
def decide_queue_items(body: Mapping[str, Any]) -> Response:
    """Make the same decision on many items, each in its own transaction: an error of one does not affect the others."""
    outcomes = [_outcome(item["id"], item["version"], new_decision(body), body["dry_run"]) for item in body["items"]]
    return private({"dry_run": body["dry_run"], "items": outcomes})


@queue_door.route("/reasons", caller=staff("reader"))
@queue_door.response(200, schemas.Reasons, example=examples.REASONS)
def list_reasons() -> Response:
    """Return the predefined reasons, as their authors read them in the language of Accept-Language."""
    language = callers_language()
    reasons = [
        {"id": name, "text": reason_text(name, language), "category": category} for name, category in REASONS.items()
    ]
    return spoken(private({"reasons": reasons}), language)


def new_decision(body: Mapping[str, Any]) -> NewDecision:
    """Return the decision that a body contains."""
    window = (body["from_"], body["until"]) if "from_" in body else None
    return NewDecision(
        body["action"],
        body["reason"],
        body["note"] or None,
        window,
        other_id=body.get("other_id"),
        rated_at=body.get("rated_at"),
    )


def _decide(item_id: int, version: int, decision: NewDecision, *, dry_run: bool) -> int:
    with _deciding(dry_run=dry_run) as session:
        seen = decide.SeenItem(item_id, version)
        return decide.on_item(session, calling_staff(), seen, decision, now())


@contextmanager
def _deciding(*, dry_run: bool = False) -> Iterator[Session]:
    """Commit a decision, then compile the opening hours that it changed, in no transaction."""
    with database().write() as session:
        yield session
        if dry_run:
            return
        session.commit()
        changed = changed_hours.changed_in(session)
    # The decision is made, whatever happens now: the nightly run compiles what is left.
    with suppress(DatabaseUnavailable), database().write() as session:
        places = changed_hours.uncompiled(session, changed)
        session.rollback()
        recompile.store(session, recompile.compiled(places, now()))
        session.commit()


def _outcome(item_id: int, version: int, decision: NewDecision, dry_run: bool) -> dict[str, Any]:
    """Decide on one of many items in its own transaction, so that two bulk decisions cannot deadlock."""
    status, detail = 201, None
    try:
        _decide(item_id, version, decision, dry_run=dry_run)
    except DECISION_ERRORS as error:
        status, detail = STATUS_OF[type(error)], str(error)
    return {"id": item_id, "decided": detail is None, "status": status, "detail": detail}


decisions_door = Door("decisions", __name__, url_prefix="/admin/v1", description="Decisions and appeals.")

_DECISION_COLUMNS = tuple(schemas.Decision().fields)


@decisions_door.route("/decisions", caller=staff("reader"))
@decisions_door.arguments(PageQuery, location="query")
@decisions_door.response(200, schemas.DecisionPage, example=examples.DECISIONS)
def list_decisions(parameters: Mapping[str, Any]) -> Response:
    """Return all decisions, newest first."""
    with database().read() as session:
        page = decisions.page(session, parameters["limit"], parameters.get("cursor"))
    return private(page_document("decisions", page, _decision, itemgetter("id")))


@decisions_door.route(
    "/decisions", methods=["POST"], caller=staff("moderator"), raises=(RecordNotFound, NotAllowed, Conflict, OutOfDate)
)
@decisions_door.arguments(schemas.DirectDecision, example=examples.DIRECT)
@decisions_door.response(201, schemas.Made, example=examples.MADE)
def make_decision(body: Mapping[str, Any]) -> Response:
    """Decide on a place, a comment or a device that is not in the queue."""
    as_of = now()
    with _deciding() as session:
        new = new_decision(body)
        target = targets.lock(session, body["target"], body.get("target_id"), body.get("handle"), other_id=new.other_id)
        decision_id = decide.on_target(session, calling_staff(), target, new, as_of)
    return private({"decision_id": decision_id}, status=201)


@decisions_door.route(
    f"/decisions/{id_segment('decision_id')}/revert",
    methods=["POST"],
    caller=staff("senior"),
    raises=(RecordNotFound, NotAllowed, Conflict),
)
@decisions_door.arguments(schemas.Revert, example={"reason": "mistake", "note": "We read it wrongly."})
@decisions_door.response(201, schemas.Made, example=examples.MADE)
def revert_decision(body: Mapping[str, Any], decision_id: int) -> Response:
    """Revert a decision by a new one, which lifts the restriction."""
    as_of = now()
    with _deciding() as session:
        revert = decide.Revert(decision_id, body["reason"], body["note"] or None)
        made = decide.revert(session, calling_staff(), revert, as_of)
        appeals.end_others(session, decision_id, as_of)
    return private({"decision_id": made}, status=201)


@decisions_door.route("/appeals", caller=staff("reader"))
@decisions_door.arguments(schemas.AppealQuery, location="query")
@decisions_door.response(200, schemas.AppealPage, example=examples.APPEALS)
def list_appeals(parameters: Mapping[str, Any]) -> Response:
    """Return appeals, oldest first."""
    with database().read() as session:
        page = appeals.page(session, parameters["state"], parameters["limit"], parameters.get("cursor"))
    return private(page_document("appeals", page, dict, itemgetter("id")))


@decisions_door.route(
    f"/appeals/{id_segment('appeal_id')}/decision",
    methods=["POST"],
    caller=staff("moderator"),
    raises=(RecordNotFound, NotAllowed, Conflict, OutOfDate),
)
@decisions_door.arguments(schemas.AppealDecision, example=examples.APPEAL_DECISION)
@decisions_door.response(204, description="The appeal is decided. Granting it reverts the decision.")
def decide_appeal(body: Mapping[str, Any], appeal_id: int) -> Response:
    """Decide on an appeal. The member of staff who made the decision may not."""
    with _deciding() as session:
        appeals.decide(
            session,
            calling_staff(),
            appeal_id,
            body["version"],
            now(),
            granted=body["outcome"] == "granted",
            answer=body["answer"],
        )
    return Response(status=204, headers={"Cache-Control": "no-store"})


def _decision(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _DECISION_COLUMNS}


doors = (queue_door, decisions_door)
