"""Examples of partner sites, their keys and usage."""

from typing import Any

from geo.partners import registry
from geo.partners.models import PUBLISHABLE_SCOPES

ORIGIN = "https://www.acme.example"


PARTNER: dict[str, Any] = {
    "id": 3,
    "name": "Acme",
    "daily_quota": registry.DAILY_QUOTA,
    "created_at": "2026-11-21T12:00:00Z",
    "keys": [
        {
            "id": 8,
            "hint": "x4Rq",
            "kind": "publishable",
            "origins": [ORIGIN],
            "scopes": list(PUBLISHABLE_SCOPES),
            "created_at": "2026-11-21T12:00:00Z",
            "expires_at": None,
            "revoked_at": None,
        }
    ],
}
KEY = {"id": 8, "key": "bfp_shown-this-once"}
USAGE = {"days": [{"day": "2026-11-21", "served": 787, "granted": 900}]}
