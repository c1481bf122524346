"""Reads dated ratings from CSV."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Literal, NamedTuple

Form = Literal["stars", "vote"]

STARS_OF_VOTE = {"-1": 1, "1": 5, "+1": 5}
"""A vote counts as the end of the scale that it stands for."""

ERRORS_SHOWN = 10
"""Errors of one file that are shown: enough to see a pattern."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_STARS = re.compile(r"([1-5])(?:\.0+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
_COLUMNS = "place, rater, time and one of stars, vote"
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


class UnusableFile(Exception):
    """A file has no ratings that can be read; the text says why, one line for each error."""


class Rating(NamedTuple):
    """A rating.

    Attributes:
        time_us: when it was made, in microseconds since 1970 UTC.
        place, rater: as the file names them.
        stars: 1 to 5.
    """

    time_us: int
    place: str
    rater: str
    stars: int


class Ratings(NamedTuple):
    """The ratings of a file.

    Attributes:
        form: the column that they come from.
        ordered: by time. A rater has one rating of a place at an instant.
        repeated: lines that were left out, because a later line has the same place, rater and time.
    """

    form: Form
    ordered: list[Rating]
    repeated: int


class _Columns(NamedTuple):
    place: int
    rater: int
    time: int
    value: int
    form: Form
    width: int


def read(path: Path) -> Ratings:
    """Read a file.

    Raises:
        UnusableFile: it cannot be read, has no ratings, or some are wrong.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise UnusableFile(error.strerror or str(error)) from error


def parse(content: bytes) -> Ratings:
    """Parse the content of a file: UTF-8, comma-separated, with a header.

    Raises:
        UnusableFile: it has no ratings, or some are wrong.
    """
    lines = _lines(_decoded(content))
    columns = _columns(*next(lines, (1, [])))
    known: dict[tuple[int, str, str], Rating] = {}
    errors: list[str] = []
    count = 0
    for line, cells in lines:
        try:
            rating = _rating(cells, columns)
        except ValueError as error:
            errors.append(f"line {line}{error}")
        else:
            known[rating[:3]] = rating
            count += 1
    if errors:
        more = len(errors) - ERRORS_SHOWN
        raise UnusableFile("\n".join(errors[:ERRORS_SHOWN] + ([f"and {more} more"] if more > 0 else [])))
    if not known:
        raise UnusableFile("no ratings after the header")
    return Ratings(columns.form, sorted(known.values()), count - len(known))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnusableFile(f"line {line}: must be UTF-8") from error


def _lines(content: str) -> Iterator[tuple[int, list[str]]]:
    """Return each record that is not blank, with the number of its first line."""
    reader = csv.reader(StringIO(content, newline=""), strict=True)
    first = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield first, [cell.strip() for cell in cells]
            first = reader.line_num + 1
    except csv.Error as error:
        raise UnusableFile(f"line {first}: not CSV: {error}") from error


def _columns(line: int, header: list[str]) -> _Columns:
    names = [name.lower() for name in header]
    if not names:
        raise UnusableFile(f"empty; the first line must name the columns {_COLUMNS}")
    for separator, plural in _OTHER_SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise UnusableFile(f"line {line}: columns must be separated by commas, not by {plural}")
    missing = [name for name in ("place", "rater", "time") if name not in names]
    forms: list[Form] = [form for form in ("stars", "vote") if form in names]
    if missing or len(forms) != 1:
        problem = f"{', '.join(missing)}: missing" if missing else "stars, vote: exactly one of them must be there"
        raise UnusableFile(f"line {line}: {problem}; the columns must be {_COLUMNS}")
    form = forms[0]
    for name in ("place", "rater", "time", form):
        if names.count(name) > 1:
            raise UnusableFile(f"line {line}, {name}: there must be one column of this name")
    place, rater, time, value = (names.index(name) for name in ("place", "rater", "time", form))
    return _Columns(place, rater, time, value, form, len(names))


def _rating(cells: list[str], columns: _Columns) -> Rating:
    """Read a record; the error continues the number of its line."""
    if len(cells) != columns.width:
        raise ValueError(f": {len(cells)} columns; the header has {columns.width}")
    for name in ("place", "rater"):
        if not cells[getattr(columns, name)]:
            raise ValueError(f", {name}: must not be empty")
    time_us = _time_us(cells[columns.time])
    stars = _stars(cells[columns.value], columns.form)
    return Rating(time_us, cells[columns.place], cells[columns.rater], stars)


def _time_us(text: str) -> int:
    wrong = ValueError(f", time: {text[:40]!r} must be a time of RFC 3339, such as 2026-03-01T12:00:00Z, or a date")
    if not _TIME.fullmatch(text):
        raise wrong
    try:
        time = datetime.fromisoformat(text.upper())
        return (time.replace(tzinfo=time.tzinfo or UTC) - EPOCH) // MICROSECOND
    except ValueError:  # such as 30 February
        raise wrong from None


def _stars(text: str, form: Form) -> int:
    if form == "vote":
        if text in STARS_OF_VOTE:
            return STARS_OF_VOTE[text]
        raise ValueError(f", vote: {text[:40]!r} must be -1 or +1")
    if found := _STARS.fullmatch(text):
        return int(found[1])
    raise ValueError(f", stars: {text[:40]!r} must be a whole number from 1 to 5")
