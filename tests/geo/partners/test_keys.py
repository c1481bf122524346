"""The form of keys and of origins."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidKeyTerms, InvalidToken
from geo.partners import keys

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(("kind", "prefix"), [("publishable", "bfp_"), ("secret", "bfk_")])
def test_a_key_has_a_typed_prefix_43_random_characters_and_6_of_checksum(kind: str, prefix: str) -> None:
    key = keys.generate(kind)
    assert key.startswith(prefix)
    assert len(key) == 4 + 43 + 6
    assert set(key[4:]) <= set(ALPHABET)
    checksum = 0
    for character in key[-6:]:
        checksum = checksum * 62 + ALPHABET.index(character)
    assert checksum == zlib.crc32(key[:-6].encode())


def test_43_characters_encode_256_bits_and_6_encode_a_crc() -> None:
    assert 62**42 < 2**256 < 62**43
    assert 62**5 < 2**32 < 62**6


def test_no_two_keys_are_equal_and_each_is_known_by_its_digest() -> None:
    made = [keys.generate("secret") for _ in range(1_000)]
    assert len({keys.digest(key) for key in made}) == len(set(made)) == len(made)
    assert all(len(keys.digest(key)) == 32 for key in made)


@given(st.integers(0, 52), st.sampled_from(ALPHABET))
def test_any_single_mistyped_character_is_detected(position: int, character: str) -> None:
    key = "bfp_" + "7" * 43
    key += keys._checked(key)[-6:]
    mistyped = key[:position] + character + key[position + 1 :]
    if mistyped == key:
        assert keys.digest(mistyped)
    else:
        with pytest.raises(InvalidToken):
            keys.digest(mistyped)


@pytest.mark.parametrize("position", [4, 20, 45])
def test_two_swapped_neighbours_are_detected(position: int) -> None:
    key = keys.generate("secret")
    while key[position] == key[position + 1]:
        key = keys.generate("secret")
    swapped = key[:position] + key[position + 1] + key[position] + key[position + 2 :]
    with pytest.raises(InvalidToken, match="checksum"):
        keys.digest(swapped)


@pytest.mark.parametrize(
    "text",
    ["", "bfp_", "bfd_" + "0" * 49, "bfp_" + "0" * 50, "bfp_" + "\N{ARABIC-INDIC DIGIT ZERO}" * 49, "x" * 10_000],
)
def test_a_malformed_key_is_detected(text: str) -> None:
    with pytest.raises(InvalidToken, match="not a partner key"):
        keys.digest(text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://www.example.org", "https://www.example.org"),
        (" HTTPS://Www.Example.ORG/ ", "https://www.example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_origin_is_normalised_as_browsers_send_it(text: str, origin: str) -> None:
    assert keys.origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "",
        "example.org",
        "https://",
        "https://*.example.org",
        "https://example.org/shop",
        "https://example.org?x",
        "https://example.org#x",
        "https://user@example.org",
        "https://example.org:",
        "https://example.org:99999",
        "https://example.org:x",
        "https://münchen.example",
        "https://a.example https://b.example",
        "https://a.example,https://b.example",
        "http://example.org",
        "http://localhost.example.org",
        "file:///home",
        "ftp://example.org",
        "https://[",
    ],
)
def test_an_invalid_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyTerms):
        keys.origin(text)
