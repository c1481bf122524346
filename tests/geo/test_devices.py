from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from geo.crowd import devices
from geo.crowd.devices import TOKEN_LIFETIME, TOKEN_PREFIX
from geo.errors import InvalidToken
from tests.conftest import NOON
from tests.factories import add_device, add_facility, add_rating


def test_a_token_is_long_random_and_has_a_typed_prefix(session: Session) -> None:
    tokens = {add_device(session, NOON).token for _ in range(50)}
    assert len(tokens) == 50
    for token in tokens:
        assert token.startswith(TOKEN_PREFIX)
        assert len(token) == len(TOKEN_PREFIX) + 43  # 256 bits in base64


def test_a_device_is_known_by_its_token_until_it_expires(session: Session) -> None:
    device = add_device(session, NOON)
    last_moment = NOON + TOKEN_LIFETIME - timedelta(seconds=1)
    known = devices.known(session, device.token, last_moment)
    assert (known.device_id, known.registered_at, known.expires_at) == (device.device_id, NOON, NOON + TOKEN_LIFETIME)
    with pytest.raises(InvalidToken, match="has expired"):
        devices.known(session, device.token, NOON + TOKEN_LIFETIME)


@pytest.mark.parametrize("token", ["", "bfd_", "bfd_" + "A" * 43, "é", "\0", "' OR true --"])
def test_an_unknown_token_is_refused(session: Session, token: str) -> None:
    add_device(session, NOON)
    with pytest.raises(InvalidToken, match="unknown token"):
        devices.known(session, token, NOON)


def test_a_token_used_after_half_of_its_lifetime_is_renewed(session: Session) -> None:
    device = add_device(session, NOON)
    half = NOON + TOKEN_LIFETIME / 2
    devices.renew(session, devices.known(session, device.token, half), half)
    assert devices.known(session, device.token, half).expires_at == NOON + TOKEN_LIFETIME
    later = half + timedelta(seconds=1)
    devices.renew(session, devices.known(session, device.token, later), later)
    assert devices.known(session, device.token, later).expires_at == later + TOKEN_LIFETIME


def test_no_table_contains_a_token(session: Session, connection: Connection) -> None:
    device = add_device(session, NOON)
    add_rating(session, add_facility(session), 3, NOON)
    devices.renew(session, devices.known(session, device.token, NOON), NOON)
    tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    assert {"device", "rating", "facility"} <= set(tables)
    # Each row as text, bytes as hexadecimal: the token may stand in neither form.
    secret = device.token.removeprefix(TOKEN_PREFIX)
    for table in tables:
        rows = connection.execute(text(_ROWS_AS_TEXT.format(table))).scalars().all()
        assert not [row for row in rows if secret in row or secret.encode().hex() in row]


_ROWS_AS_TEXT = "SELECT CAST(stored_row AS text) FROM {} AS stored_row"
