"""How much of a dataset an edition may lose."""

import pytest

from geo.imports.edition import USUAL, Limit


@pytest.mark.parametrize(
    ("lost", "of", "allowed"),
    [
        (0, 0, True),
        (10, 100, True),
        (11, 100, False),
        (10, 20, True),  # few
        (11, 20, False),
        (11, 111, True),
        (12, 111, False),
        (100, 1000, True),
        (101, 1000, False),
        (5, 6, True),
        (6, 6, False),  # all of a small dataset: the file of another
        (2, 2, False),
        (1, 1, True),
        (17_885, 17_985, False),
    ],
)
def test_ten_per_cent_or_ten_rows_may_be_lost_by_default_but_not_all(lost: int, of: int, allowed: bool) -> None:
    assert USUAL.allows(lost, of) is allowed


@pytest.mark.parametrize(
    ("text", "lost", "of", "allowed"),
    [
        ("25", 25, 25, True),
        ("25", 26, 1000, False),
        ("0", 0, 10, True),
        ("0", 1, 1000, False),
        ("25%", 25, 100, True),
        ("25%", 26, 100, False),
        ("25%", 5, 6, False),
        ("0%", 1, 1000, False),
        ("100%", 1000, 1000, True),
    ],
)
def test_a_limit_of_the_caller_applies_exactly(text: str, lost: int, of: int, allowed: bool) -> None:
    assert Limit.parse(text).allows(lost, of) is allowed


@pytest.mark.parametrize("text", ["", "%", "ten", "-1", "1.5", "101%", "5%%", "5 %", "5%x", "٣", "²"])
def test_an_invalid_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number of rows, such as 25, or a percentage up to 100%"):
        Limit.parse(text)
