"""Examples of the caller's stored data and of decisions about it."""

from typing import Any

HANDLE = "0b7e2f0e-6a1e-4d0c-9a57-6f6d1f0f9c11"

ME: dict[str, Any] = {
    "handle": HANDLE,
    "registered_at": "2026-11-21T12:00:00Z",
    "expires_at": "2027-11-21T12:00:00Z",
    "suspended_at": None,
    "stored": {"ratings": 1, "past_ratings": 0, "reports": 0, "proposals": 0, "appeals": 0},
}

EXPORT: dict[str, Any] = {
    "device": ME,
    "ratings": [{"id": 731, "facility_id": 12, "stars": 5, "comment": "Warm water.", "weight": 1.0}],
    **{name: [] for name in ("past_ratings", "reports", "proposals", "decisions", "appeals")},
}

DECISION: dict[str, Any] = {
    "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "decided_at": "2026-11-21T12:00:00Z",
    "action": "hide_comment",
    "target": "comment",
    "target_id": 731,
    "restricts": True,
    "automated": False,
    "reason": "personal_data",
    "reason_text": "The text contains personal data of another person.",
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
