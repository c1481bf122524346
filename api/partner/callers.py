"""Which partner calls: its key, where it is used, what it may do, and how much of its day is left."""

from datetime import datetime
from functools import partial

from flask import Response, g, request

from api import cors, limits
from api.callers import bearer_token
from api.declarations import Policy
from api.partner.memory import memory
from api.services import database, now
from geo.errors import InvalidToken, LimitReached, NotAllowed
from geo.partners import keys
from geo.partners.quotas import DAY, Standing
from geo.partners.registry import KnownKey

QUOTA_POLICY = "day"


def partner(scope: str) -> Policy:
    """A partner's working key of this scope, used where it may be, while the day's quota lasts."""
    return Policy("partner", scope, (InvalidToken, NotAllowed, LimitReached), partial(_check_key, scope))


def _check_key(scope: str) -> None:
    """Check the key of the request.

    Refusals for the key's sake (401, 403) count against nobody's quota; whatever comes after counts.

    Raises:
        Unauthorized: the request carries no key.
        InvalidToken: the key is mistyped, unknown, revoked or expired.
        NotAllowed: it may not be used here, or not for this.
        LimitReached: the day's quota is used up.
    """
    as_of = now()
    token = bearer_token("this route needs a partner's key: send it as Authorization: Bearer")
    g.partner_key = key = memory().key(keys.digest(token), as_of)
    _require_place(key)
    if scope not in key.terms.scopes:
        raise NotAllowed(f"this key has not the scope {scope}")
    g.standing = _spend(key.partner_id, as_of)
    if not g.standing.allowed:
        raise LimitReached(QUOTA_POLICY, g.standing.quota, DAY, g.standing.resets_in)


def calling_key() -> KnownKey:
    """The key that this request was let in with."""
    key: KnownKey = g.partner_key
    return key


def tell_standing(response: Response) -> Response:
    """Tell the partner how it stands, on every answer that counted."""
    standing: Standing | None = g.get("standing")
    if standing is not None and "RateLimit" not in response.headers:
        response.headers.update(
            limits.standing(QUOTA_POLICY, standing.quota, DAY, standing.remaining, standing.resets_in)
        )
    return response


def _require_place(key: KnownKey) -> None:
    origin = request.headers.get("Origin")
    if key.terms.kind == "secret":
        if origin is not None:
            raise NotAllowed(
                "this is a secret key in a browser, where everybody can read it: revoke it, and use a publishable key"
            )
        return
    if origin is None:
        raise NotAllowed("a publishable key works only in pages of its origins: use a secret key on a server")
    if origin not in key.terms.origins:
        raise NotAllowed("this key is not bound to the origin of this page")
    cors.allow_reading(origin)


def _spend(partner_id: int, as_of: datetime) -> Standing:
    with memory().accounts.held(partner_id) as account:
        if account.is_due(as_of):
            with database().write() as session:
                grant = account.renew(session, as_of)
                session.commit()
            account.receive(grant, as_of)
        return account.spend(as_of)
