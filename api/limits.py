"""Too many requests: what a refusal says, and how often devices and networks may ask.

Every limit speaks in the fields of draft-ietf-httpapi-ratelimit-headers-11, structured fields (RFC 9651).
"""

from datetime import timedelta
from math import ceil
from typing import Any

from geo.errors import LimitReached

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""The problem type that the draft registers."""


def standing(policy: str, quota: int, window: timedelta, remaining: int, until: timedelta) -> dict[str, str]:
    """The header fields that tell a caller how it stands.

    Args:
        policy: name of the limit.
        quota: requests in the window.
        window: of the limit.
        remaining: requests left.
        until: more of them come back.
    """
    return {
        "RateLimit-Policy": f'"{policy}";q={quota};w={ceil(window.total_seconds())}',
        "RateLimit": f'"{policy}";r={remaining};t={ceil(until.total_seconds())}',
    }


def refusal_headers(error: LimitReached) -> dict[str, str]:
    """What a 429 tells in its header: how the caller stands, and when to come back."""
    wait = max(error.wait, timedelta(seconds=1))
    return {
        **standing(error.policy, error.quota, error.window, 0, wait),
        "Retry-After": str(ceil(wait.total_seconds())),
    }


def refusal_members(policy: str) -> dict[str, Any]:
    """What a 429 tells in its problem document besides the detail."""
    return {"type": QUOTA_EXCEEDED, "title": "Quota exceeded", "violated-policies": [policy]}
