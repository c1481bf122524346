"""Which network an address belongs to, in every form in which servers and proxies write addresses."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from geo.crowd.models import NETWORK_BYTES
from geo.crowd.networks import UNKNOWN, block_of, network_of


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.7", "192.0.2.0"),
        ("192.0.2.7:5678", "192.0.2.0"),
        (" 192.0.2.7 ", "192.0.2.0"),
        ('"192.0.2.7:5678"', "192.0.2.0"),
        ("[192.0.2.7]:80", "192.0.2.0"),
        ("::ffff:192.0.2.7", "192.0.2.0"),
        ("[::ffff:192.0.2.7]:443", "192.0.2.0"),
        ("::ffff:c000:207", "192.0.2.0"),
        ("2001:db8:1:2::7", "2001:db8:1::"),
        ("2001:DB8:1:2::7", "2001:db8:1::"),
        ("[2001:db8:1:2::7]", "2001:db8:1::"),
        ("[2001:db8:1:2::7]:443", "2001:db8:1::"),
        ('"[2001:db8:1:2::7]:443"', "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("[fe80::1%25eth0]:443", "fe80::"),
        ("::1", "::"),
    ],
)
def test_an_address_is_parsed_in_every_form(address: str, block: str) -> None:
    assert block_of(address) == ip_address(block).packed


@pytest.mark.parametrize(
    "address",
    [
        *("", " ", "unknown", "_hidden", "-", "localhost", "example.org:80", "unix:", "192.0.2", "192.0.2.300"),
        *(
            "192.0.2.7:",
            "192.0.2.7:x",
            "192.0.2.7:123456",
            "192.0.2.07",
            "[]",
            "[]:443",
            "[2001:db8::1",
            "2001:db8::1]",
        ),
        *("2001:db8::1::2", "\u0661.2.3.4", "192.0.2.7, 192.0.2.8", "for=192.0.2.7", "\0", "%eth0"),
    ],
)
def test_an_invalid_address_has_the_unknown_network(address: str) -> None:
    assert block_of(address) == UNKNOWN


@given(address=st.ip_addresses(), port=st.integers(0, 65_535))
def test_the_port_does_not_change_the_network(address: object, port: int) -> None:
    block = block_of(str(address))
    with_port = f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
    assert block_of(with_port) == block != UNKNOWN


@given(st.text(max_size=60))
def test_no_text_causes_an_error(address: str) -> None:
    assert len(block_of(address)) in {0, 4, 16}


def test_the_unknown_network_is_a_network_like_any_other(session: Session) -> None:
    blocks = (UNKNOWN, block_of("192.0.2.7"), block_of("0.0.0.0"), block_of("::"))  # noqa: S104 - nothing is bound
    hashes = {network_of(session, block) for block in blocks}
    assert len(hashes) == len(blocks)
    assert {len(network) for network in hashes} == {NETWORK_BYTES}
