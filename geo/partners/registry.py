"""Partners and their keys: making, finding, rotating, revoking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import Session
from geo.errors import Conflict, InvalidKeyTerms, InvalidToken, ThingNotFound
from geo.partners import keys
from geo.partners.models import KEY_SLOTS, MAX_ORIGINS, PUBLISHABLE_SCOPES, Partner, PartnerKey

DAILY_QUOTA = 10_000
"""Requests a day unless told: five hundred visitors of a site with twenty searches each."""

ROTATION_OVERLAP = timedelta(days=7)
"""How long the old key works beside the new one unless told: a week holds everybody's next deployment."""


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a key is for.

    Attributes:
        kind: ``publishable`` (in web pages, reads only, bound to origins) or ``secret`` (on servers).
        origins: of a publishable key, as ``keys.origin`` writes them.
        scopes: what it may do.
        expires_at: when it ends by itself; None for never.
    """

    kind: str
    origins: tuple[str, ...] = ()
    scopes: tuple[str, ...] = PUBLISHABLE_SCOPES
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; it is shown this once."""

    key_id: int
    key: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """The key that a request bore, and whose it is."""

    key_id: int
    partner_id: int
    terms: KeyTerms


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as lists show it, without the key."""

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
    """Make a partner.

    Returns:
        Its id.

    Raises:
        Conflict: there is one of this name.
    """
    values = {"name": name, "daily_quota": daily_quota, "created_at": as_of}
    made = session.execute(upsert(Partner).values(**values).on_conflict_do_nothing().returning(Partner.id))
    partner_id = made.scalar_one_or_none()
    if partner_id is None:
        raise Conflict(f"there is a partner {name!r} already", "name")
    return partner_id


def ensure(session: Session, name: str, daily_quota: int | None, as_of: datetime) -> int:
    """The partner of this name, made where there is none.

    Args:
        session: a write session.
        name: how the partner is called here.
        daily_quota: requests a day; None leaves it as it is, DAILY_QUOTA for a new one.
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
    """Let the partner ask so often a day from its next grant on.

    Raises:
        ThingNotFound: there is no such partner.
    """
    changed = session.execute(
        update(Partner).where(Partner.id == partner_id).values(daily_quota=daily_quota).returning(Partner.id)
    )
    if changed.one_or_none() is None:
        raise ThingNotFound(f"there is no partner {partner_id}", "partner_id")


def named(session: Session, name: str) -> int:
    """The id of the partner of this name.

    Raises:
        ThingNotFound: there is no such partner.
    """
    partner_id = session.execute(select(Partner.id).where(Partner.name == name)).scalar_one_or_none()
    if partner_id is None:
        raise ThingNotFound(f"there is no partner {name!r}")
    return partner_id


def add_key(session: Session, partner_id: int, terms: KeyTerms, as_of: datetime) -> NewKey:
    """Make a key.

    Raises:
        ThingNotFound: there is no such partner.
        InvalidKeyTerms: no key may have these terms.
        Conflict: two of its kind work already.
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
    """Make a successor of the partner's key of a kind, on the same terms; the old one ends after the overlap.

    Raises:
        ThingNotFound: there is no such partner.
        ThingNotFound: it has no working key of this kind to follow.
        Conflict: it has two: a rotation is under way.
    """
    slot = _free_slot(session, partner_id, kind, as_of)
    old = session.execute(
        select(PartnerKey.id, PartnerKey.origins, PartnerKey.scopes)
        .where(PartnerKey.partner_id == partner_id, PartnerKey.kind == kind, PartnerKey.slot != slot)
        .where(PartnerKey.revoked_at.is_(None))
    ).one_or_none()
    if old is None:
        raise ThingNotFound(f"the partner has no working {kind} key to rotate: add one", "kind")
    session.execute(
        update(PartnerKey)
        .where(PartnerKey.id == old.id)
        .values(expires_at=func.least(PartnerKey.expires_at, as_of + overlap))
    )
    return add_key(session, partner_id, KeyTerms(kind, tuple(old.origins), tuple(old.scopes)), as_of)


def revoke(session: Session, key_id: int, as_of: datetime, partner_id: int | None = None) -> None:
    """End a key now.

    Args:
        session: a write session.
        key_id: the key.
        as_of: now.
        partner_id: whose key it must be.

    Raises:
        ThingNotFound: there is no such key, or it is revoked already.
    """
    whose = [] if partner_id is None else [PartnerKey.partner_id == partner_id]
    revoked = session.execute(
        update(PartnerKey)
        .where(PartnerKey.id == key_id, PartnerKey.revoked_at.is_(None), *whose)
        .values(revoked_at=as_of)
        .returning(PartnerKey.id)
    )
    if revoked.one_or_none() is None:
        raise ThingNotFound(f"there is no key {key_id} that could be revoked", "key_id")


def known(session: Session, key_digest: bytes, as_of: datetime) -> KnownKey:
    """The key of this digest.

    Args:
        session: a read session.
        key_digest: of ``keys.digest``.
        as_of: now.

    Raises:
        InvalidToken: it belongs to nobody, was revoked, or has expired.
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
        raise InvalidToken("this key is not known here")
    if row.revoked_at is not None:
        raise InvalidToken("this key was revoked")
    key = KnownKey(row.id, row.partner_id, _terms(row))
    refuse_expired(key, as_of)
    return key


def refuse_expired(key: KnownKey, as_of: datetime) -> None:
    """Let nothing be done with a key whose time is over.

    Raises:
        InvalidToken: it has expired.
    """
    if key.terms.expires_at is not None and key.terms.expires_at <= as_of:
        raise InvalidToken("this key has expired")


def working_origins(session: Session, as_of: datetime) -> frozenset[str]:
    """The origins that any working publishable key is bound to: a browser asks for them before it shows the key."""
    rows = session.execute(
        select(func.unnest(PartnerKey.origins))
        .where(PartnerKey.revoked_at.is_(None), or_(PartnerKey.expires_at.is_(None), PartnerKey.expires_at > as_of))
        .distinct()
    )
    return frozenset(rows.scalars())


def listed(session: Session, partner_id: int | None = None) -> Sequence[ListedPartner]:
    """All partners by name, or one of them.

    Raises:
        ThingNotFound: there is no such partner.
    """
    chosen = [] if partner_id is None else [Partner.id == partner_id]
    partners = session.execute(
        select(Partner.id, Partner.name, Partner.daily_quota, Partner.created_at).where(*chosen).order_by(Partner.name)
    ).all()
    if partner_id is not None and not partners:
        raise ThingNotFound(f"there is no partner {partner_id}", "partner_id")
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
    """The terms that the table would refuse too, in words."""
    if terms.expires_at is not None and terms.expires_at <= as_of:
        raise InvalidKeyTerms("a key's end must lie ahead", "expires_at")
    if not terms.scopes:
        raise InvalidKeyTerms("a key without a scope opens nothing: name at least one", "scopes")
    if terms.kind == "secret":
        if terms.origins:
            raise InvalidKeyTerms(
                "a secret key belongs on a server, which has no origin: leave the origins out", "origins"
            )
        return
    if not 1 <= len(terms.origins) <= MAX_ORIGINS:
        raise InvalidKeyTerms(f"a publishable key is bound to 1 to {MAX_ORIGINS} origins", "origins")
    if not set(terms.scopes) <= set(PUBLISHABLE_SCOPES):
        raise InvalidKeyTerms(
            f"a publishable key stands in a page for all to copy: only {PUBLISHABLE_SCOPES[0]}", "scopes"
        )


def _free_slot(session: Session, partner_id: int, kind: str, as_of: datetime) -> int:
    """A slot for one more key of a kind; one that an expired key holds is freed.

    The partner's row stays locked until the commit, so that two who add a key take turns.
    """
    locked = session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update(key_share=True))
    if locked.one_or_none() is None:
        raise ThingNotFound(f"there is no partner {partner_id}", "partner_id")
    mine = (PartnerKey.partner_id == partner_id, PartnerKey.kind == kind, PartnerKey.revoked_at.is_(None))
    session.execute(
        update(PartnerKey).where(*mine, PartnerKey.expires_at <= as_of).values(revoked_at=PartnerKey.expires_at)
    )
    taken = set(session.execute(select(PartnerKey.slot).where(*mine)).scalars())
    for slot in KEY_SLOTS:
        if slot not in taken:
            return slot
    raise Conflict(f"the partner has two working {kind} keys already: revoke one first", "kind")
