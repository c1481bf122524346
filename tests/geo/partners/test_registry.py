"""Partners and their keys: what the rows hold, and who may have how many."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.database import Database
from geo.errors import Conflict, InvalidKeyTerms, InvalidToken, RecordNotFound
from geo.partners import issued_keys, keys, registry
from geo.partners.issued_keys import KeyTerms
from geo.partners.models import PartnerKey
from tests.conftest import NOON

ORIGIN = "https://www.acme.example"
SECRET = KeyTerms("secret")
PUBLISHABLE = KeyTerms("publishable", (ORIGIN,))


@pytest.fixture
def acme(session: Session) -> int:
    return registry.ensure(session, "Acme", None, NOON)


def test_the_key_itself_is_stored_nowhere(session: Session, acme: int) -> None:
    new = issued_keys.issue(session, acme, SECRET, NOON)
    row = str(session.execute(text("SELECT k::text || p::text FROM partner_key k, partner p")).scalar_one())
    assert new.key not in row
    assert new.key[4:20] not in row
    assert new.key.encode().hex() not in row
    assert keys.digest(new.key).hex() in row


def test_a_third_active_key_of_a_kind_is_refused(session: Session, acme: int) -> None:
    for terms in (SECRET, PUBLISHABLE):
        for _ in range(2):
            issued_keys.issue(session, acme, terms, NOON)
        with pytest.raises(Conflict):
            issued_keys.issue(session, acme, terms, NOON)
        with pytest.raises(Conflict):
            issued_keys.rotate(session, acme, terms.kind, NOON)


def test_the_database_refuses_a_third_active_key(session: Session, acme: int) -> None:
    for _ in range(2):
        issued_keys.issue(session, acme, SECRET, NOON)
    rows = {"partner_id": acme, "kind": "secret", "digest": b"x" * 32, "hint": "abcd", "created_at": NOON}
    third = insert(PartnerKey).values(**rows, scopes=["facilities:read"], origins=[])
    for slot, constraint in ((1, "uq_partner_key_slot"), (2, "uq_partner_key_slot"), (3, "ck_partner_key_slot")):
        with pytest.raises(IntegrityError, match=constraint), session.begin_nested():
            session.execute(third.values(slot=slot))


def test_concurrent_additions_of_a_key_create_at_most_two(own_database_url: str) -> None:
    database, together = Database(own_database_url), Barrier(6)
    with database.write() as session:
        partner_id = registry.ensure(session, "Acme", None, NOON)
        session.commit()

    def add(_: int) -> bool:
        own = Database(own_database_url)
        try:
            together.wait()
            with own.write() as session:
                issued_keys.issue(session, partner_id, SECRET, NOON)
                session.commit()
        except Conflict:
            return False
        finally:
            own.close()
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(add, range(6))) == 2
    database.close()


def test_a_revoked_or_expired_key_makes_room(session: Session, acme: int) -> None:
    first = issued_keys.issue(session, acme, SECRET, NOON)
    issued_keys.issue(session, acme, KeyTerms("secret", expires_at=NOON + timedelta(days=1)), NOON)
    issued_keys.revoke(session, first.key_id, NOON)
    issued_keys.issue(session, acme, SECRET, NOON)
    issued_keys.issue(session, acme, SECRET, NOON + timedelta(days=1))
    with pytest.raises(Conflict):
        issued_keys.issue(session, acme, SECRET, NOON + timedelta(days=1))


def test_a_rotation_keeps_the_terms_and_expires_the_old_key(session: Session, acme: int) -> None:
    terms = KeyTerms("publishable", (ORIGIN, "https://shop.acme.example"))
    old = issued_keys.issue(session, acme, terms, NOON)
    new = issued_keys.rotate(session, acme, "publishable", NOON, timedelta(days=7))
    assert issued_keys.known(session, keys.digest(new.key), NOON).terms == terms
    just_before = NOON + timedelta(days=7, seconds=-1)
    assert issued_keys.known(session, keys.digest(old.key), just_before).key_id == old.key_id
    with pytest.raises(InvalidToken, match="expired"):
        issued_keys.known(session, keys.digest(old.key), NOON + timedelta(days=7))


def test_a_rotation_never_extends_the_lifetime_of_a_key(session: Session, acme: int) -> None:
    soon = NOON + timedelta(hours=1)
    old = issued_keys.issue(session, acme, KeyTerms("secret", expires_at=soon), NOON)
    issued_keys.rotate(session, acme, "secret", NOON)
    assert issued_keys.known(session, keys.digest(old.key), NOON).terms.expires_at == soon


def test_a_rotation_needs_a_key_to_follow(session: Session, acme: int) -> None:
    issued_keys.issue(session, acme, PUBLISHABLE, NOON)
    with pytest.raises(RecordNotFound, match="no valid secret key"):
        issued_keys.rotate(session, acme, "secret", NOON)


@pytest.mark.parametrize(
    "terms",
    [
        KeyTerms("publishable"),
        KeyTerms("publishable", tuple(f"https://{n}.example" for n in range(21))),
        KeyTerms("publishable", (ORIGIN,), ("facilities:read", "proposals:write")),
        KeyTerms("secret", (ORIGIN,)),
        KeyTerms("secret", scopes=()),
        KeyTerms("secret", expires_at=NOON),
    ],
)
def test_invalid_terms_of_a_key_are_refused(session: Session, acme: int, terms: KeyTerms) -> None:
    with pytest.raises(InvalidKeyTerms):
        issued_keys.issue(session, acme, terms, NOON)
    assert session.execute(select(PartnerKey.id)).all() == []


def test_the_origins_of_active_publishable_keys_are_returned(session: Session, acme: int) -> None:
    ends = NOON + timedelta(hours=1)
    globex = registry.ensure(session, "Globex", None, NOON)
    revoked = issued_keys.issue(session, acme, KeyTerms("publishable", ("https://old.example",)), NOON)
    issued_keys.revoke(session, revoked.key_id, NOON)
    issued_keys.issue(session, acme, KeyTerms("publishable", (ORIGIN, "https://b.example")), NOON)
    issued_keys.issue(session, globex, KeyTerms("publishable", (ORIGIN, "https://c.example"), expires_at=ends), NOON)
    assert issued_keys.working_origins(session, NOON) == {ORIGIN, "https://b.example", "https://c.example"}
    assert issued_keys.working_origins(session, ends) == {ORIGIN, "https://b.example"}


def test_a_partner_keeps_its_quota_without_a_new_one(session: Session, acme: int) -> None:
    assert registry.listed(session, acme)[0].daily_quota == registry.DAILY_QUOTA
    assert registry.ensure(session, "Acme", 5, NOON) == acme
    assert registry.ensure(session, "Acme", None, NOON) == acme
    assert registry.listed(session, acme)[0].daily_quota == 5


def test_an_unknown_partner_or_key_is_refused(session: Session) -> None:
    with pytest.raises(RecordNotFound):
        issued_keys.issue(session, 1, SECRET, NOON)
    with pytest.raises(RecordNotFound):
        registry.set_quota(session, 1, 5)
    with pytest.raises(RecordNotFound):
        registry.listed(session, 1)
    with pytest.raises(RecordNotFound):
        issued_keys.revoke(session, 1, NOON)
