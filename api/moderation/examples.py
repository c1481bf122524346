"""An example of each response of the moderators' API. A test validates them against the schemas."""

from typing import Any

HANDLE = "0b7e2f0e-6a1e-4d0c-9a57-6f6d1f0f9c11"

ITEM: dict[str, Any] = {
    "id": 5,
    "kind": "comment",
    "target_id": 731,
    "state": "open",
    "score": 3.0,
    "details": {"reports": {"offensive": 3}, "auto_hidden": True},
    "opened_at": "2026-11-21T12:00:00Z",
    "ended_at": None,
    "claimed_by": None,
    "claimed_until": None,
    "version": 4,
}

QUEUE: dict[str, Any] = {"items": [ITEM], "next_cursor": "3.0-5"}

RATING: dict[str, Any] = {
    "id": 731,
    "facility_id": 12,
    "stars": 1,
    "comment": "Ask for Anna, 09 1234567.",
    "comment_state": "hidden",
    "comment_approved": False,
    "observed": {},
    "rated_at": "2026-11-21T11:00:00Z",
    "weight": 0.8,
    "weight_age": 1.0,
    "weight_track": 1.0,
    "weight_presence": 0.8,
    "weight_rush": 1.0,
    "presence": None,
    "origin": None,
    "trusted": False,
    "demo": False,
    "handle": HANDLE,
}

IN_FULL: dict[str, Any] = {
    **ITEM,
    "content": RATING,
    "reports": [{"id": 41, "reason": "offensive", "note": None, "created_at": "2026-11-21T12:00:00Z"}],
}

ITEM_DECISION: dict[str, Any] = {
    "action": "hide_comment",
    "reason": "personal_data",
    "note": "It names the caretaker.",
    "version": 4,
}

BULK: dict[str, Any] = {
    "action": "approve_comment",
    "reason": "no_fault",
    "items": [{"id": 5, "version": 4}, {"id": 6, "version": 1}],
    "dry_run": True,
}

BULK_OUTCOMES: dict[str, Any] = {
    "dry_run": True,
    "items": [
        {"id": 5, "decided": True, "status": 201, "detail": None},
        {"id": 6, "decided": False, "status": 409, "detail": "queue item 6 is already decided"},
    ],
}

DIRECT: dict[str, Any] = {"target": "facility", "target_id": 12, "action": "close_facility", "reason": "closed"}

REASONS: dict[str, Any] = {
    "reasons": [
        {
            "id": "spam",
            "text": "The text is advertising, or repeats itself.",
            "category": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        }
    ]
}

MADE: dict[str, Any] = {"decision_id": 17}

DECISION: dict[str, Any] = {
    "id": 17,
    "puid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "decided_at": "2026-11-21T12:00:00Z",
    "action": "hide_comment",
    "target": "comment",
    "target_id": 731,
    "subject": HANDLE,
    "staff_id": 2,
    "queue_item_id": 5,
    "reverts": None,
    "reverted_at": None,
    "reason": "personal_data",
    "note": "It names the caretaker.",
}

DECISIONS: dict[str, Any] = {"decisions": [DECISION], "next_cursor": 17}

APPEALS: dict[str, Any] = {
    "appeals": [
        {
            "id": 3,
            "decision_id": 17,
            "text": "It names nobody: Anna is the name of the café.",
            "state": "open",
            "created_at": "2026-11-21T12:30:00Z",
            "ended_at": None,
            "staff_id": None,
            "answer": None,
            "version": 1,
        }
    ],
    "next_cursor": None,
}

APPEAL_DECISION: dict[str, Any] = {"outcome": "granted", "answer": "You are right, and we are sorry.", "version": 1}
