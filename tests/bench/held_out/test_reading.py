"""Files of dated ratings: what is read, and what is wrong with a line."""

import pytest

from bench.held_out.reading import UnusableFile, parse

HEAD = "place,rater,time,stars\n"


def stars(content: bytes) -> list[int]:
    return [rating.stars for rating in parse(content).ordered]


def test_ratings_are_ordered_by_time_and_the_later_of_two_alike_lines_counts() -> None:
    known = parse(f"{HEAD}a,x,2026-01-02,5\na,y,2026-01-01T23:00:00-02:00,4\na,x,2026-01-02T00:00:00Z,3\n".encode())
    assert [(rating.rater, rating.stars) for rating in known.ordered] == [("x", 3), ("y", 4)]
    assert (known.form, known.repeated) == ("stars", 1)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfplace,rater,time,stars\na,x,2026-01-02,5\n",
        b"place,rater,time,stars\r\na,x,2026-01-02,5\r\n",
        b"Time , STARS,id,Rater,Place\n2026-01-02 10:00:00, 5.0 ,17,x,a\n\n",
        b'place,rater,time,stars\n"a, b",x,2026-01-02T10:00:00.5+01:00,5',
    ],
    ids=["byte order mark", "CRLF", "other order and spaces", "quotes"],
)
def test_usual_forms_are_read(content: bytes) -> None:
    assert stars(content) == [5]


def test_a_vote_is_an_end_of_the_scale() -> None:
    assert stars(b"place,rater,time,vote\na,x,2026-01-01,-1\na,y,2026-01-02,+1\na,z,2026-01-03,1\n") == [1, 5, 5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty; the first line must name the columns place, rater, time and one of stars, vote"),
        (HEAD, "no ratings after the header"),
        ("place;rater;time;stars\n", "line 1: columns must be separated by commas, not by semicolons"),
        ("place,time,stars\n", "line 1: rater: missing; the columns must be place, rater, time and one of stars, vote"),
        ("place,rater,time\n", "line 1: stars, vote: exactly one of them must be there"),
        ("place,rater,time,stars,vote\n", "line 1: stars, vote: exactly one of them must be there"),
        ("place,place,rater,time,stars\n", "line 1, place: there must be one column of this name"),
        (f"{HEAD}a,x,2026-01-01\n", "line 2: 3 columns; the header has 4"),
        (f"{HEAD}\na,,2026-01-01,3\n", "line 3, rater: must not be empty"),
        (f"{HEAD}a,x,2026-02-30,3\n", "line 2, time: '2026-02-30' must be a time of RFC 3339"),
        (f"{HEAD}a,x,1.2.2026,3\n", "line 2, time: '1.2.2026' must be a time of RFC 3339"),
        (f"{HEAD}a,x,2026-01-01,0\n", "line 2, stars: '0' must be a whole number from 1 to 5"),
        (f"{HEAD}a,x,2026-01-01,4.5\n", "line 2, stars: '4.5' must be a whole number from 1 to 5"),
        ("place,rater,time,vote\na,x,2026-01-01,0\n", "line 2, vote: '0' must be -1 or +1"),
        (f'{HEAD}a,"x,2026-01-01,0\n', "line 2: not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_column(content: str, message: str) -> None:
    with pytest.raises(UnusableFile) as caught:
        parse(content.encode())
    assert message in str(caught.value)


def test_bytes_that_are_not_utf8_are_named_by_their_line() -> None:
    with pytest.raises(UnusableFile, match="line 2: must be UTF-8"):
        parse(f"{HEAD}caf\xe9,x,2026-01-01,3\n".encode("latin-1"))


def test_ten_errors_are_shown() -> None:
    with pytest.raises(UnusableFile) as caught:
        parse((HEAD + "a,x,never,3\n" * 12).encode())
    assert str(caught.value).splitlines()[-1] == "and 2 more"
    assert len(str(caught.value).splitlines()) == 11
