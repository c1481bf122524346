"""Too many requests: what a refusal says, and how often devices and networks may ask.

Every limit speaks in the fields of draft-ietf-httpapi-ratelimit-headers-11, structured fields (RFC 9651).
"""

from collections.abc import Callable
from datetime import timedelta
from math import ceil
from typing import Any

from flask import Flask, request

from api.services import now, settings
from geo.database import Session
from geo.errors import LimitReached
from geo.limits import gcra
from geo.limits.buckets import TokenBuckets
from geo.limits.gcra import Limit

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""The problem type that the draft registers."""

REGISTRATIONS = Limit("registrations", burst=200, interval=timedelta(seconds=6))
"""New devices of one network: a carrier has thousands of phones behind a /24, and few of them are new on one day. It
stops a script that makes devices by the thousand; what fewer can do is bounded by trust weights (MATH.md)."""

WRITES = Limit("writes", burst=60, interval=timedelta(seconds=20))
"""Of one device: a visitor rates a few places a day; sixty at once let a phone that was offline send all it has."""

PROPOSALS = Limit("proposals", burst=100, interval=timedelta(minutes=1))
"""Of one partner, beside its quota: each waits for a moderator to look at it."""

READS_PER_S = 200
"""Of one network, from each server process: a sixth of what a process can answer, so that one network's flood leaves
room for the others, and a stadium behind one address, twenty thousand phones that ask every other minute, passes."""

READS_BURST = 2_000
"""Ten seconds of it: a full train that comes out of a tunnel."""

MOST_NETWORKS = 10_000
"""Remembered at once by a server process: about two megabytes."""

MOBILE_PATHS = "/v1/"


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


def register(app: Flask, calling_block: Callable[[], bytes]) -> None:
    """Count every request of the mobile door against its network, in memory: it costs microseconds and no statement.

    Args:
        app: the app.
        calling_block: returns the network that the request came from.
    """
    buckets = TokenBuckets("reads", READS_BURST, READS_PER_S, MOST_NETWORKS)

    @app.before_request
    def _count() -> None:
        if not request.path.startswith(MOBILE_PATHS) or not settings().rate_limits:
            return
        buckets.take(calling_block(), now())


def count_write(session: Session, device_id: int) -> None:
    """Count something that a device writes.

    Raises:
        LimitReached: it has written too often lately.
    """
    if settings().rate_limits:
        gcra.count(session, WRITES, str(device_id).encode(), now())


def count_proposal(session: Session, partner_id: int) -> None:
    """Count something that a partner proposes.

    Raises:
        LimitReached: it has proposed too often lately.
    """
    if settings().rate_limits:
        gcra.count(session, PROPOSALS, str(partner_id).encode(), now())


def count_registration(session: Session, network: bytes) -> None:
    """Count a device that registers.

    Args:
        session: a write session.
        network: of the request, as a keyed hash.

    Raises:
        LimitReached: too many of its network have registered lately.
    """
    if settings().rate_limits:
        gcra.count(session, REGISTRATIONS, network, now())
