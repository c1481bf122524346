"""GET and DELETE /v1/me and the routes below it: the caller's stored data, and decisions about it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response

from api.callers import DEVICE, calling_device
from api.replies import private
from api.services import database, now
from api.strictness import Door
from api.v1 import crowd_replies, crowd_requests
from geo import privacy
from geo.casework import decisions
from geo.casework.statements import REASONS
from geo.errors import Conflict, ThingNotFound
from geo.moderation import appeals

door = Door("me", __name__, url_prefix="/v1/me", description="The caller's stored data, and decisions about it.")

_HANDLE = "0b7e2f0e-6a1e-4d0c-9a57-6f6d1f0f9c11"

_ME: dict[str, Any] = {
    "handle": _HANDLE,
    "registered_at": "2026-11-21T12:00:00Z",
    "expires_at": "2027-11-21T12:00:00Z",
    "suspended_at": None,
    "held": {"ratings": 1, "past_ratings": 0, "reports": 0, "proposals": 0, "appeals": 0},
}

_EXPORT: dict[str, Any] = {
    "device": _ME,
    "ratings": [{"id": 731, "facility_id": 12, "stars": 5, "comment": "Warm water.", "weight": 1.0}],
    **{name: [] for name in ("past_ratings", "reports", "proposals", "decisions", "appeals")},
}

_DECISION: dict[str, Any] = {
    "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "decided_at": "2026-11-21T12:00:00Z",
    "action": "hide_comment",
    "target": "comment",
    "target_id": 731,
    "restricts": True,
    "automated": False,
    "reason": "personal_data",
    "reason_text": REASONS["personal_data"].text,
    "note": "It names the caretaker.",
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
    "decision_account": None,
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "decision_facts": "Visitors reported it, and a moderator reviewed it.",
    "end_date_visibility_restriction": None,
    "reverted_at": None,
    "appeal_until": "2027-05-24T12:00:00Z",
    "appeal": None,
}

_TOLD = (
    *("decided_at", "action", "target", "target_id", "reason", "note", "decision_visibility", "decision_account"),
    *("decision_ground", "decision_facts", "end_date_visibility_restriction", "reverted_at"),
)


@door.route("", caller=DEVICE)
@door.response(200, crowd_replies.Me, example=_ME)
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
@door.response(200, crowd_replies.Export, example=_EXPORT)
def export_me() -> Response:
    """Return all data stored about the calling device."""
    with database().read() as session:
        return private(privacy.export(session, calling_device(session, now())))


@door.route("/decisions", caller=DEVICE)
@door.response(200, crowd_replies.OwnDecisions, example={"decisions": [_DECISION]})
def list_my_decisions() -> Response:
    """Return the decisions about the caller and its content, newest first, with their reasons and appeals."""
    with database().read() as session:
        device = calling_device(session, now())
        made = decisions.of_device(session, device.device_id, device.handle)
        objections = {row["decision_id"]: dict(row) for row in appeals.of_device(session, device.device_id)}
    return private({"decisions": [_own(dict(row), objections.get(row["id"])) for row in made]})


@door.route("/decisions/<uuid:decision_id>/appeal", methods=["POST"], caller=DEVICE, raises=(ThingNotFound, Conflict))
@door.arguments(crowd_requests.NewAppeal, example={"text": "It names nobody: Anna is the name of the café."})
@door.response(201, crowd_replies.AppealReceipt, example={"id": 3})
def appeal_decision(said: Mapping[str, Any], decision_id: UUID) -> Response:
    """Appeal against a decision within six months. Somebody else decides on it. A suspended device may appeal, too."""
    as_of = now()
    with database().write() as session:
        appeal_id = appeals.appeal(session, calling_device(session, as_of), decision_id, said["text"], as_of)
        session.commit()
    return private({"id": appeal_id}, status=201)


def _own(decision: Mapping[str, Any], appeal: Mapping[str, Any] | None) -> dict[str, Any]:
    restricts = decisions.is_restriction(decision)
    return {
        "id": decision["puid"],
        **{name: decision[name] for name in _TOLD},
        "restricts": restricts,
        "automated": decision["staff_id"] is None,
        "reason_text": REASONS[decision["reason"]].text,
        "appeal_until": decision["decided_at"] + appeals.APPEAL_WITHIN if restricts else None,
        "appeal": appeal and {name: value for name, value in appeal.items() if name != "decision_id"},
    }
