"""Identifies the calling partner and checks its key: origin, scope and daily quota."""

from datetime import datetime
from functools import partial

from flask import Response, g, request

from api.http import cors, limits
from api.http.callers import bearer_token
from api.http.declarations import Policy
from api.http.services import database, now
from api.partners.memory import memory
from geo.errors import InvalidToken, LimitReached, NotAllowed
from geo.partners import keys
from geo.partners.issued_keys import KnownKey
from geo.partners.quotas import DAY, QuotaState

QUOTA_POLICY = "day"


def partner(scope: str) -> Policy:
    """Return the policy of routes for a partner's key of this scope."""
    return Policy("partner", scope, (InvalidToken, NotAllowed, LimitReached), partial(_check_key, scope))


def _check_key(scope: str) -> None:
    """Check that the key is valid, used from an allowed origin, has the scope, and has quota left.

    Requests rejected because of the key (401, 403) do not count against the quota; all others do.

    Raises:
        Unauthorized: the request carries no key.
        InvalidToken: the key is mistyped, unknown, revoked or expired.
        NotAllowed: the key is not allowed here, or lacks the scope.
        LimitReached: the daily quota is used up.
    """
    as_of = now()
    token = bearer_token("this route requires a partner key: send it as Authorization: Bearer")
    g.partner_key = key = memory().key(keys.digest(token), as_of)
    _require_place(key)
    if scope not in key.terms.scopes:
        raise NotAllowed(f"this key does not have the scope {scope}")
    g.quota_state = _spend(key.partner_id, as_of)
    if not g.quota_state.allowed:
        raise LimitReached(QUOTA_POLICY, g.quota_state.quota, DAY, g.quota_state.resets_in)


def calling_key() -> KnownKey:
    """Return the key of this request, on a route with a ``partner`` policy."""
    key: KnownKey = g.partner_key
    return key


def add_rate_limit_fields(response: Response) -> Response:
    """Add the RateLimit header fields to every response that counted against the quota."""
    quota_state: QuotaState | None = g.get("quota_state")
    if quota_state is not None and "RateLimit" not in response.headers:
        response.headers.update(
            limits.quota_headers(QUOTA_POLICY, quota_state.quota, DAY, quota_state.remaining, quota_state.resets_in)
        )
    return response


def _require_place(key: KnownKey) -> None:
    origin = request.headers.get("Origin")
    if key.terms.kind == "secret":
        if origin is not None:
            raise NotAllowed(
                "this is a secret key in a browser, where anybody can read it: revoke it and use a publishable key"
            )
        return
    if origin is None:
        raise NotAllowed("a publishable key is valid only in pages of its origins: use a secret key on a server")
    if origin not in key.terms.origins:
        raise NotAllowed("this key is not bound to the origin of this page")
    cors.allow_reading(origin)


def _spend(partner_id: int, as_of: datetime) -> QuotaState:
    with memory().accounts.locked(partner_id) as account:
        if account.is_due(as_of):
            with database().write() as session:
                grant = account.renew(session, as_of)
                session.commit()
            account.receive(grant, as_of)
        return account.spend(as_of)
