"""Contact details are found however they are written, and no text takes long to look at."""

import sys
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crowd import proposals, text_checks
from geo.crowd.models import COMMENT_MAX_CHARACTERS
from geo.crowd.text_checks import EMAIL_ADDRESS, LINK, PHONE_NUMBER, contact_details
from geo.facilities import names
from geo.facilities.models import MAX_CHARACTERS

TEXT_MS = 5
"""The target for the CPU time of one text of COMMENT_MAX_CHARACTERS."""

PROPOSAL_MS = 25
"""The target for all texts of a proposal together."""

SLACK = 10
"""How many times its target a measurement may take, so that a slow or busy machine does not fail it. The patterns that
these targets replace took 200 and 360 times as long."""

KINDS = {
    "one letter": "a",
    "letters with dots": "a.",
    "letters that NFKC makes a.m.": "㏂",
    "katakana words in one character": "㌖",
    "Arabic phrases in one character": "\ufdfa",
    "Arabic words": "ﷲ",
    "digits with hyphens": "1-",
    "opening parentheses": "(",
    "digits in parentheses": "(1) ",
    "digits in parentheses in one character": "⑿",
    "tenths": "⅒",
    "hours in one character": "㍢",
    "digits with an ellipsis": "1…",
    "starts of links": "www.",
    "ends of schemes": "a://",
    "domains": "a.com.x ",
    "starts of e-mail addresses": "a@",
    "e-mail addresses in words": "a(at)b(dot)",
    "at signs": "@",
    "one e-mail address and spaces": "a@" + " " * (COMMENT_MAX_CHARACTERS - 2),
    "digits": "1",
    "Arabic digits": "\u0661",
    "dates": "2026-11-20 ",
    "plus signs": "+",
    "international numbers": "+3584012;",
    "numbers of seven digits": "1234567   ",
    "numbers of five digits": "12345,",
    "extensions": "1234 ext. 5 ",
    "fractions": "1/2/3 ",
    "combining marks": "\u0301\u0323\u0345",
    "Tibetan vowels that NFKC takes apart and sorts": "\u0f71\u0f73\u0f72\u0344",
    "zero-width joints": "\u200d1",
}


def cpu_ms(work: Callable[[], object]) -> float:
    """The least CPU time of three calls."""
    times = []
    for _ in range(3):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return min(times) * 1_000


def repeated(unit: str, characters: int = COMMENT_MAX_CHARACTERS) -> str:
    return (unit * characters)[:characters]


@pytest.mark.parametrize("country", [None, "FI", "US"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_text_is_checked_quickly(kind: str, country: str | None) -> None:
    text = repeated(KINDS[kind])
    assert cpu_ms(lambda: contact_details(text, country)) < SLACK * TEXT_MS


@settings(deadline=None, max_examples=200)
@given(
    units=st.lists(st.sampled_from(list(KINDS.values())) | st.text(min_size=1, max_size=3), min_size=1, max_size=6),
    country=st.sampled_from([None, "DE", "FI", "JM", "US"]),
)
def test_every_generated_text_is_checked_quickly(units: list[str], country: str | None) -> None:
    text = repeated("".join(units))
    assert cpu_ms(lambda: contact_details(text, country)) < SLACK * TEXT_MS


@pytest.mark.parametrize("kind", KINDS)
def test_the_texts_of_a_proposal_are_checked_quickly(kind: str) -> None:
    lengths = [MAX_CHARACTERS[column] for column in proposals.PROPOSABLE if column in MAX_CHARACTERS]
    texts = "\n".join(repeated(KINDS[kind], characters) for characters in (*lengths, COMMENT_MAX_CHARACTERS))
    assert cpu_ms(lambda: contact_details(texts, "FI")) < SLACK * PROPOSAL_MS


def test_two_names_are_compared_quickly() -> None:
    name, other = "a" * 127 + "b" * 128, "ba" * 127
    assert cpu_ms(lambda: names.similarity(name, other)) < SLACK


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("anna@example.org", EMAIL_ADDRESS),
        ("write to first.last+toilets@mail.example.co.uk today", EMAIL_ADDRESS),
        ("ａｎｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ", EMAIL_ADDRESS),  # noqa: RUF001 - fullwidth, on purpose
        ("an\u200dna\u200b@exam\u2060ple.o\u00adrg", EMAIL_ADDRESS),
        ("anna\u034f@\ufe0fexample\u115f.\u3164info", EMAIL_ADDRESS),
        ("anna (at) example (dot) org", EMAIL_ADDRESS),
        ("anna [AT] example [DOT] org", EMAIL_ADDRESS),
        ("anna  @  example . org", EMAIL_ADDRESS),
        ("x" * 300 + "@example.org", EMAIL_ADDRESS),
        ("jörg@bücher.example", EMAIL_ADDRESS),
        ("a@b a@c anna@example.org", EMAIL_ADDRESS),
        ("https://example.org/x", LINK),
        ("ftp://192.0.2.1", LINK),
        ("ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｏｒｇ", LINK),  # noqa: RUF001 - fullwidth, on purpose
        ("exam\u200dple.c\u200bom", LINK),
        ("www.example.org", LINK),
        ("see toilets.example.com.", LINK),
        ("a." * 400 + "com", LINK),
        ("040 123 4567", PHONE_NUMBER),
        ("+358 40 1234567", PHONE_NUMBER),
        ("(040) – 123 – 4567", PHONE_NUMBER),  # noqa: RUF001 - en dashes, on purpose
        ("０４０１２３４５６７", PHONE_NUMBER),  # noqa: RUF001 - fullwidth, on purpose
        ("٠٤٠١٢٣٤٥٦٧", PHONE_NUMBER),
        ("04\u200b0 12\u200d3 45\u206067", PHONE_NUMBER),
        ("040\u034f123\ufe0f45\U000e010067", PHONE_NUMBER),
        ("09 123456", PHONE_NUMBER),
        ("call 09\u2010123456.", PHONE_NUMBER),
        ("\ufdfa" * 900 + " 040 1234567", PHONE_NUMBER),
        ("12:30, 8-20, 5/5, 1.50; " * 30 + "09 123456", PHONE_NUMBER),
    ],
)
def test_a_contact_detail_is_found_in_every_spelling(text: str, holds: str) -> None:
    assert contact_details(text, "FI") == [holds]


@pytest.mark.parametrize(
    "text",
    [
        "Clean, open 8-20, costs 1.50, 5/5",
        "Visited 2026-11-20 12:30 and 2026-11-21 08:15",
        "Mo-Fr 08:00-20:00; Sa 09:00-18:00; Dec 24-26 off; 2026 Dec 31 08:00-12:00",
        "e.g. at 7 p.m.",
        "room 12, floor 3, door 4",
        "me @ the station",
        "one / two // three :// four",
    ],
)
def test_a_plain_text_has_no_contact_details(text: str) -> None:
    assert contact_details(text, "FI") == []


def test_a_text_of_many_numbers_counts_as_a_phone_number() -> None:
    assert contact_details("11111; " * 5, "FI") == []
    assert contact_details("11111; " * 140, "FI") == [PHONE_NUMBER]


def test_nfkc_expands_one_character_to_at_most_six() -> None:
    letters = (chr(code) for code in range(sys.maxunicode + 1))
    long = {letter for letter in letters if len(unicodedata.normalize("NFKC", letter)) > 6}
    assert long == set("\ufdfa\ufdfb")
    assert text_checks._PHRASES.sub("", "".join(long)) == ""
