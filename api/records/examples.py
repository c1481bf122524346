"""Examples of the records that staff may read."""

from typing import Any

from api.moderation.examples import HANDLE, RATING

STAFF: dict[str, Any] = {
    "staff": [
        {
            "id": 2,
            "name": "anna",
            "role": "moderator",
            "created_at": "2026-11-21T12:00:00Z",
            "expires_at": "2027-02-19T12:00:00Z",
            "revoked_at": None,
        }
    ]
}

NEW_STAFF: dict[str, Any] = {
    "id": 2,
    "token": "bfs_shown-this-once-keep-it-in-a-password-manager",
    "expires_at": "2027-02-19T12:00:00Z",
}

AUDIT: dict[str, Any] = {
    "entries": [
        {
            "id": 29,
            "at": "2026-11-21T12:00:00Z",
            "actor": "staff:2",
            "event": "decision: hide_comment",
            "details": {"decision_id": 17},
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    ],
    "next_cursor": 29,
}

DEVICE: dict[str, Any] = {
    "handle": HANDLE,
    "created_at": "2026-11-01T12:00:00Z",
    "expires_at": "2027-11-01T12:00:00Z",
    "suspended_at": None,
    "ratings": [RATING],
}

FACILITY: dict[str, Any] = {
    "facility": {"id": 12, "status": "hidden", "name": "Asema-aukio"},
    "ratings": [RATING],
    "exclusions": [{"decision_id": 19, "from": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}],
}
