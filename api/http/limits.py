"""Rate limits of devices, partners and networks, and the header fields and problem document of a 429.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11, as structured fields (RFC 9651).
"""

from collections.abc import Callable
from datetime import timedelta
from math import ceil
from typing import Any

from flask import Flask, request

from api.http.services import now, settings
from geo.database import Session
from geo.errors import LimitReached
from geo.limits import gcra
from geo.limits.buckets import TokenBuckets
from geo.limits.gcra import Limit

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""The problem type that the draft registers for exceeded quotas."""

REGISTRATIONS = Limit("registrations", burst=200, interval=timedelta(seconds=6))
"""New devices per network. A carrier has thousands of phones behind a /24, and few of them are new on one day. It stops
scripts that register thousands of devices; trust weights bound the effect of fewer (docs/ranking.md)."""

WRITES = Limit("writes", burst=60, interval=timedelta(seconds=20))
"""Writes per device. A visitor rates a few places a day; the burst lets a phone that was offline send its backlog."""

PROPOSALS = Limit("proposals", burst=100, interval=timedelta(minutes=1))
"""Proposals per partner, in addition to its quota, because a moderator reviews each of them."""

READS_PER_S = 200
"""Requests per second from one network to each server process: a sixth of a process's capacity, so that one network
cannot exhaust it, and enough for a stadium behind one address, where 20,000 phones ask every two minutes."""

READS_BURST = 2_000
"""Ten seconds of READS_PER_S: a full train that leaves a tunnel."""

MOST_NETWORKS = 10_000
"""Networks that a server process remembers at once, in about two megabytes."""

MOBILE_PATHS = "/v1/"


def quota_headers(policy: str, quota: int, window: timedelta, remaining: int, until: timedelta) -> dict[str, str]:
    """Return the RateLimit header fields.

    Args:
        policy: name of the limit.
        quota: requests allowed in the window.
        window: length of the window.
        remaining: requests left.
        until: time until more requests are available.
    """
    return {
        "RateLimit-Policy": f'"{policy}";q={quota};w={ceil(window.total_seconds())}',
        "RateLimit": f'"{policy}";r={remaining};t={ceil(until.total_seconds())}',
    }


def refusal_headers(error: LimitReached) -> dict[str, str]:
    """Return the header fields of a 429: RateLimit fields and Retry-After."""
    wait = max(error.wait, timedelta(seconds=1))
    return {
        **quota_headers(error.policy, error.quota, error.window, 0, wait),
        "Retry-After": str(ceil(wait.total_seconds())),
    }


def refusal_members(policy: str) -> dict[str, Any]:
    """Return the members of a 429's problem document in addition to ``detail``."""
    return {"type": QUOTA_EXCEEDED, "title": "Quota exceeded", "violated-policies": [policy]}


def register(app: Flask, calling_block: Callable[[], bytes]) -> None:
    """Count every request to the mobile API against its network, in memory and without a database statement.

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
    """Count a write of a device against its limit.

    Raises:
        LimitReached: the device has written too often.
    """
    if settings().rate_limits:
        gcra.count(session, WRITES, str(device_id).encode(), now())


def count_proposal(session: Session, partner_id: int) -> None:
    """Count a proposal of a partner against its limit.

    Raises:
        LimitReached: the partner has proposed too often.
    """
    if settings().rate_limits:
        gcra.count(session, PROPOSALS, str(partner_id).encode(), now())


def count_registration(session: Session, network: bytes) -> None:
    """Count a registration against the limit of its network.

    Args:
        session: a write session.
        network: keyed hash of the request's network.

    Raises:
        LimitReached: too many devices of this network have registered.
    """
    if settings().rate_limits:
        gcra.count(session, REGISTRATIONS, network, now())
