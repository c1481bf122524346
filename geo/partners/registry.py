"""Creates, finds, rotates and revokes partners and their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import Session
from geo.errors import Conflict, InvalidKeyTerms, InvalidToken, RecordNotFound
from geo.partners import keys
from geo.partners.models import KEY_SLOTS, MAX_ORIGINS, PUBLISHABLE_SCOPES, Partner, PartnerKey

DAILY_QUOTA = 10_000
"""Default requests per day: five hundred visitors of a site with twenty searches each."""

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


@dataclass(frozen=True, slots=True)
class ListedPartner:
    """A partner and all its keys, the oldest first."""

    partner_id: int
    name: str
    daily_quota: int
    created_at: datetime
    keys: tuple[ListedKey, ...]


def add(session: Session, name: str, daily_quota: int, as_of: datetime) -> int:
    """Create a partner.

    Returns:
        Its id.

    Raises:
        Conflict: a partner with this name exists.
    """
    values = {"name": name, "daily_quota": daily_quota, "created_at": as_of}
    made = session.execute(upsert(Partner).values(**values).on_conflict_do_nothing().returning(Partner.id))
    partner_id = made.scalar_one_or_none()
    if partner_id is None:
        raise Conflict(f"partner {name!r} already exists", "name")
    return partner_id


def ensure(session: Session, name: str, daily_quota: int | None, as_of: datetime) -> int:
    """Return the partner with this name; create it if it does not exist.

    Args:
        session: a write session.
        name: the partner's name.
        daily_quota: requests per day. None keeps the current quota; DAILY_QUOTA for a new partner.
        as_of: now.

    Returns:
        Its id.
    """
    quota = {} if daily_quota is None else {"daily_quota": daily_quota}
    return session.execute(
        upsert(Partner)
        .values(name=name, daily_quota=daily_quota or DAILY_QUOTA, created_at=as_of)
        .on_conflict_do_update(index_elements=[Partner.name], set_={"name": name, **quota})
        .returning(Partner.id)
    ).scalar_one()


def set_quota(session: Session, partner_id: int, daily_quota: int) -> None:
    """Change a partner's daily quota, which takes effect with its next grant.

    Raises:
        RecordNotFound: there is no such partner.
    """
    changed = session.execute(
        update(Partner).where(Partner.id == partner_id).values(daily_quota=daily_quota).returning(Partner.id)
    )
    if changed.one_or_none() is None:
        raise RecordNotFound(f"there is no partner {partner_id}", "partner_id")


def named(session: Session, name: str) -> int:
    """Return the id of the partner with this name.

    Raises:
        RecordNotFound: there is no such partner.
    """
    partner_id = session.execute(select(Partner.id).where(Partner.name == name)).scalar_one_or_none()
    if partner_id is None:
        raise RecordNotFound(f"there is no partner {name!r}")
    return partner_id


def add_key(session: Session, partner_id: int, terms: KeyTerms, as_of: datetime) -> NewKey:
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
    return add_key(session, partner_id, KeyTerms(kind, tuple(old.origins), tuple(old.scopes)), as_of)


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
    whose = [] if partner_id is None else [PartnerKey.partner_id == partner_id]
    revoked = session.execute(
        update(PartnerKey)
        .where(PartnerKey.id == key_id, PartnerKey.revoked_at.is_(None), *whose)
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
    key = KnownKey(row.id, row.partner_id, _terms(row))
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


def listed(session: Session, partner_id: int | None = None) -> Sequence[ListedPartner]:
    """Return all partners by name, or one of them.

    Raises:
        RecordNotFound: there is no such partner.
    """
    chosen = [] if partner_id is None else [Partner.id == partner_id]
    partners = session.execute(
        select(Partner.id, Partner.name, Partner.daily_quota, Partner.created_at).where(*chosen).order_by(Partner.name)
    ).all()
    if partner_id is not None and not partners:
        raise RecordNotFound(f"there is no partner {partner_id}", "partner_id")
    rows = session.execute(
        select(*PartnerKey.__table__.columns)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(*chosen)
        .order_by(PartnerKey.id)
    )
    by_partner: dict[int, list[ListedKey]] = {}
    for row in rows:
        key = ListedKey(row.id, row.hint, _terms(row), row.created_at, row.revoked_at)
        by_partner.setdefault(row.partner_id, []).append(key)
    return [
        ListedPartner(row.id, row.name, row.daily_quota, row.created_at, tuple(by_partner.get(row.id, ())))
        for row in partners
    ]


def _terms(row: Any) -> KeyTerms:
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
