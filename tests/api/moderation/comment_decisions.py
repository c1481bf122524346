"""Decisions about comments, their reverts and appeals."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller

HARMLESS = "Clean, and warm water"
UNREAD = "call 040 123 4567 8, anna@evil.example"
RUDE = "Rude words, Straße"
LIVE = "SELECT comment, comment_state, comment_approved FROM rating"


def decide(member: Caller, rating_id: int, action: str, **more: Any) -> int:
    body = {"target": "comment", "target_id": rating_id, "action": action, "reason": "offensive", **more}
    response = member("POST", "/admin/v1/decisions", body)
    assert response.status_code == 201, response.text
    return int(response.get_json()["decision_id"])


def revert(senior: Caller, decision_id: int) -> None:
    response = senior("POST", f"/admin/v1/decisions/{decision_id}/revert", {"reason": "mistake"})
    assert response.status_code == 201, response.text


def appeal_oldest(author: Caller, judge: Caller, outcome: str = "granted") -> None:
    """Appeal the author's oldest decision, and have it answered."""
    decision = author("GET", "/v1/me/decisions").get_json()["decisions"][-1]
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "It is fine."}).status_code == 201
    (appeal,) = judge("GET", "/admin/v1/appeals").get_json()["appeals"]
    answer = {"outcome": outcome, "answer": "So it is.", "version": appeal["version"]}
    response = judge("POST", f"/admin/v1/appeals/{appeal['id']}/decision", answer)
    assert response.status_code == 204, response.text
    decision = author("GET", "/v1/me/decisions").get_json()["decisions"][-1]
    assert decision["appeal"]["state"] == outcome
    assert (decision["reverted_at"] is not None) == (outcome == "granted")


def live(session: Session) -> tuple[str | None, str, bool]:
    return tuple(session.execute(text(LIVE)).one())  # type: ignore[return-value]


def forget_digests(session: Session) -> None:
    """Make decisions as those that were made before they kept a digest."""
    session.execute(text("SET LOCAL session_replication_role = replica"))  # no triggers
    session.execute(text("UPDATE decision SET before = before - 'text_digest'"))
    session.execute(text("SET LOCAL session_replication_role = origin"))
