"""GET and DELETE /v1/me and the routes below it: the caller's stored data, and decisions about it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response

from api.http.callers import DEVICE, calling_device
from api.http.door import Door
from api.http.languages import Language, callers_language, spoken
from api.http.responses import private
from api.http.services import database, now
from api.me import examples, schemas
from api.moderation.texts import reason_text, statement_texts
from geo import privacy
from geo.casework import decisions
from geo.errors import Conflict, RecordNotFound
from geo.moderation import appeals

door = Door("me", __name__, url_prefix="/v1/me", description="The caller's stored data, and decisions about it.")

_OWN_COLUMNS = (
    *("decided_at", "action", "target", "target_id", "reason", "note", "decision_visibility", "decision_account"),
    *("decision_ground", "end_date_visibility_restriction", "reverted_at"),
)


@door.route("", caller=DEVICE)
@door.response(200, schemas.Me, example=examples.ME)
def get_me() -> Response:
    """Return how many rows are stored about the calling device."""
    with database().read() as session:
        return private(privacy.overview(session, calling_device(session, now())))


@door.route("", methods=["DELETE"], caller=DEVICE)
@door.response(204, description="All data of the device is erased and its token is invalid.")
def erase_me() -> Response:
    """Erase the calling device and all its content: ratings, past ratings, reports, proposals, appeals."""
    as_of = now()
    with database().write() as session:
        privacy.erase(session, calling_device(session, as_of).device_id, as_of)
        session.commit()
    return Response(status=204, headers={"Cache-Control": "no-store"})


@door.route("/export", caller=DEVICE)
@door.response(200, schemas.Export, example=examples.EXPORT)
def export_me() -> Response:
    """Return all data stored about the calling device."""
    language = callers_language()
    with database().read() as session:
        document = privacy.export(session, calling_device(session, now()))
    document["decisions"] = [{**row, **statement_texts(row, language)} for row in document["decisions"]]
    return spoken(private(document), language)


@door.route("/decisions", caller=DEVICE)
@door.response(200, schemas.OwnDecisions, example={"decisions": [examples.DECISION]})
def list_my_decisions() -> Response:
    """Return the decisions about the caller and its content, newest first, with their reasons and appeals.

    reason_text and decision_facts are in the language of Accept-Language. The facts of decisions made before their
    codes were stored are in English.
    """
    language = callers_language()
    with database().read() as session:
        device = calling_device(session, now())
        made = decisions.of_device(session, device.device_id, device.handle)
        own_appeals = {row["decision_id"]: dict(row) for row in appeals.of_device(session, device.device_id)}
    document = {"decisions": [_own(dict(row), own_appeals.get(row["id"]), language) for row in made]}
    return spoken(private(document), language)


@door.route("/decisions/<uuid:decision_id>/appeal", methods=["POST"], caller=DEVICE, raises=(RecordNotFound, Conflict))
@door.arguments(schemas.NewAppeal, example={"text": "It names nobody: Anna is the name of the café."})
@door.response(201, schemas.AppealReceipt, example={"id": 3})
def appeal_decision(body: Mapping[str, Any], decision_id: UUID) -> Response:
    """Appeal against a decision within six months. Somebody else decides on it. A suspended device may appeal, too."""
    as_of = now()
    with database().write() as session:
        appeal_id = appeals.appeal(session, calling_device(session, as_of), decision_id, body["text"], as_of)
        session.commit()
    return private({"id": appeal_id}, status=201)


def _own(decision: Mapping[str, Any], appeal: Mapping[str, Any] | None, language: Language) -> dict[str, Any]:
    restricts = decisions.is_restriction(decision)
    return {
        "id": decision["puid"],
        **{name: decision[name] for name in _OWN_COLUMNS},
        "restricts": restricts,
        "automated": decision["staff_id"] is None,
        "reason_text": reason_text(decision["reason"], language),
        "decision_facts": statement_texts(decision, language)["decision_facts"],
        "appeal_until": decision["decided_at"] + appeals.APPEAL_WITHIN if restricts else None,
        "appeal": appeal and {name: value for name, value in appeal.items() if name != "decision_id"},
    }


doors = (door,)
