"""Issues, rotates, revokes and finds the keys of partners."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from geo.database import Session
from geo.errors import Conflict, InvalidKeyTerms, InvalidToken, RecordNotFound
from geo.partners import keys
from geo.partners.models import KEY_SLOTS, MAX_ORIGINS, PUBLISHABLE_SCOPES, Partner, PartnerKey

ROTATION_OVERLAP = timedelta(days=7)
"""Default time that the old key stays valid after a rotation: a week, within which sites are deployed."""


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """The terms of a key.

    Attributes:
        kind: ``publishable`` (in web pages, reads only, bound to origins) or ``secret`` (on servers).
        origins: origins of a publishable key, as returned by ``keys.origin``.
        scopes: what the key allows.
        expires_at: when the key expires; None for never.
    """

    kind: str
    origins: tuple[str, ...] = ()
    scopes: tuple[str, ...] = PUBLISHABLE_SCOPES
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key, which is shown only once."""

    key_id: int
    key: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """The key of a request, and its partner."""

    key_id: int
    partner_id: int
    terms: KeyTerms


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key's terms and state, without the key itself."""

    key_id: int
    hint: str
    terms: KeyTerms
    created_at: datetime
    revoked_at: datetime | None


def issue(session: Session, partner_id: int, terms: KeyTerms, as_of: datetime) -> NewKey:
    """Create a key.

    Raises:
        RecordNotFound: there is no such partner.
        InvalidKeyTerms: the terms are not allowed.
        Conflict: two keys of this kind are valid already.
    """
    _check(terms, as_of)
    slot = _free_slot(session, partner_id, terms.kind, as_of)
    key = keys.generate(terms.kind)
    key_id = session.execute(
        insert(PartnerKey)
        .values(
            partner_id=partner_id,
            kind=terms.kind,
            slot=slot,
            digest=keys.digest(key),
            hint=keys.hint(key),
            scopes=list(terms.scopes),
            origins=list(terms.origins),
            created_at=as_of,
            expires_at=terms.expires_at,
        )
        .returning(PartnerKey.id)
    ).scalar_one()
    return NewKey(key_id, key)


def rotate(
    session: Session, partner_id: int, kind: str, as_of: datetime, overlap: timedelta = ROTATION_OVERLAP
) -> NewKey:
    """Create a successor of the partner's key of a kind, on the same terms. The old key expires after the overlap.

    Raises:
        RecordNotFound: there is no such partner.
        RecordNotFound: it has no valid key of this kind.
        Conflict: it has two, because a rotation is in progress.
    """
    slot = _free_slot(session, partner_id, kind, as_of)
    old = session.execute(
        select(PartnerKey.id, PartnerKey.origins, PartnerKey.scopes)
        .where(PartnerKey.partner_id == partner_id, PartnerKey.kind == kind, PartnerKey.slot != slot)
        .where(PartnerKey.revoked_at.is_(None))
    ).one_or_none()
    if old is None:
        raise RecordNotFound(f"the partner has no valid {kind} key to rotate: add one", "kind")
    session.execute(
        update(PartnerKey)
        .where(PartnerKey.id == old.id)
        .values(expires_at=func.least(PartnerKey.expires_at, as_of + overlap))
    )
    return issue(session, partner_id, KeyTerms(kind, tuple(old.origins), tuple(old.scopes)), as_of)


def revoke(session: Session, key_id: int, as_of: datetime, partner_id: int | None = None) -> None:
    """Revoke a key.

    Args:
        session: a write session.
        key_id: the key.
        as_of: now.
        partner_id: the partner that the key must belong to, or None.

    Raises:
        RecordNotFound: the key does not exist or is already revoked.
    """
    owner = [] if partner_id is None else [PartnerKey.partner_id == partner_id]
    revoked = session.execute(
        update(PartnerKey)
        .where(PartnerKey.id == key_id, PartnerKey.revoked_at.is_(None), *owner)
        .values(revoked_at=as_of)
        .returning(PartnerKey.id)
    )
    if revoked.one_or_none() is None:
        raise RecordNotFound(f"there is no key {key_id}, or it is already revoked", "key_id")


def known(session: Session, key_digest: bytes, as_of: datetime) -> KnownKey:
    """Return the key with this digest.

    Args:
        session: a read session.
        key_digest: the result of ``keys.digest``.
        as_of: now.

    Raises:
        InvalidToken: the key is unknown, revoked or expired.
    """
    row = session.execute(
        select(
            PartnerKey.id,
            PartnerKey.partner_id,
            PartnerKey.kind,
            PartnerKey.origins,
            PartnerKey.scopes,
            PartnerKey.expires_at,
            PartnerKey.revoked_at,
        ).where(PartnerKey.digest == key_digest)
    ).one_or_none()
    if row is None:
        raise InvalidToken("unknown key")
    if row.revoked_at is not None:
        raise InvalidToken("this key was revoked")
    key = KnownKey(row.id, row.partner_id, terms_of(row))
    refuse_expired(key, as_of)
    return key


def refuse_expired(key: KnownKey, as_of: datetime) -> None:
    """Reject a key that has expired.

    Raises:
        InvalidToken: the key has expired.
    """
    if key.terms.expires_at is not None and key.terms.expires_at <= as_of:
        raise InvalidToken("this key has expired")


def working_origins(session: Session, as_of: datetime) -> frozenset[str]:
    """Return the origins of all valid publishable keys, for preflight requests, which do not carry the key."""
    rows = session.execute(
        select(func.unnest(PartnerKey.origins))
        .where(PartnerKey.revoked_at.is_(None), or_(PartnerKey.expires_at.is_(None), PartnerKey.expires_at > as_of))
        .distinct()
    )
    return frozenset(rows.scalars())


def terms_of(row: Any) -> KeyTerms:
    """Return the terms in a row of PartnerKey."""
    return KeyTerms(row.kind, tuple(row.origins), tuple(row.scopes), row.expires_at)


def _check(terms: KeyTerms, as_of: datetime) -> None:
    """Check the terms, with messages for what the table's constraints would reject."""
    if terms.expires_at is not None and terms.expires_at <= as_of:
        raise InvalidKeyTerms("expires_at must be in the future", "expires_at")
    if not terms.scopes:
        raise InvalidKeyTerms("scopes must contain at least one scope", "scopes")
    if terms.kind == "secret":
        if terms.origins:
            raise InvalidKeyTerms("origins are not allowed for a secret key, which is used on servers", "origins")
        return
    if not 1 <= len(terms.origins) <= MAX_ORIGINS:
        raise InvalidKeyTerms(f"a publishable key must have between 1 and {MAX_ORIGINS} origins", "origins")
    if not set(terms.scopes) <= set(PUBLISHABLE_SCOPES):
        raise InvalidKeyTerms(f"a publishable key can have only the scope {PUBLISHABLE_SCOPES[0]}", "scopes")


def _free_slot(session: Session, partner_id: int, kind: str, as_of: datetime) -> int:
    """Return a free slot for a key of a kind; free the slot of an expired key.

    The partner's row stays locked until the commit, so that concurrent additions wait for each other.
    """
    locked = session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update(key_share=True))
    if locked.one_or_none() is None:
        raise RecordNotFound(f"there is no partner {partner_id}", "partner_id")
    mine = (PartnerKey.partner_id == partner_id, PartnerKey.kind == kind, PartnerKey.revoked_at.is_(None))
    session.execute(
        update(PartnerKey).where(*mine, PartnerKey.expires_at <= as_of).values(revoked_at=PartnerKey.expires_at)
    )
    taken = set(session.execute(select(PartnerKey.slot).where(*mine)).scalars())
    for slot in KEY_SLOTS:
        if slot not in taken:
            return slot
    raise Conflict(f"the partner already has two valid {kind} keys: revoke one first", "kind")
