"""Opens the files of an import, plain or compressed with gzip, and reads their delimiters and lines of JSON."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any

import orjson

from geo.errors import UnreadableFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP_MAGIC = b"\x1f\x8b"

DELIMITERS = (",", ";", "\t", "|")

START_BYTES = 65_536
"""Bytes of a file that are read to detect what it is: a row of column names, or a JSON document's first features."""

INT_64_DIGITS = 19
"""Digits of the largest integers of 64 bits."""

_RECORD_SEPARATOR = b"\x1e"
"""Precedes each item of a JSON text sequence (RFC 8142)."""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed if it is compressed with gzip.

    Raises:
        UnreadableFile: the file cannot be opened, or its compressed data is damaged or truncated.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            if is_gzip:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield unpacked  # type: ignore[misc]  # it is a file of bytes
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"{path.name} is truncated or damaged: {error}") from error
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}") from error


@contextmanager
def opened_text(path: Path) -> Iterator[IO[str]]:
    """Open a file of UTF-8 text with or without a byte order mark, as for opened; newlines are kept as they are.

    Raises:
        UnreadableFile: as for opened.
    """
    with opened(path) as file, TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        yield text


def start_of(path: Path) -> bytes:
    """Return the first START_BYTES of a file without a byte order mark and white space before them.

    Raises:
        UnreadableFile: as for opened.
    """
    with opened(path) as file:
        return file.read(START_BYTES).removeprefix(BYTE_ORDER_MARK).lstrip()


def contains(path: Path, text: bytes) -> bool:
    """Return whether a file contains a text.

    Raises:
        UnreadableFile: as for opened.
    """
    before = b""
    with opened(path) as file:
        while piece := file.read(START_BYTES):
            if text in before + piece:
                return True
            before = piece[-len(text) :]
    return False


def delimiter_in(start: str, columns: Iterable[str]) -> str:
    """Return the delimiter by which the first row of a text has the most of these columns; a comma if it has none."""
    wanted = set(columns)

    def found(delimiter: str) -> int:
        header = next(csv.reader(StringIO(start, newline=""), delimiter=delimiter), [])
        return len(wanted & {cell.strip() for cell in header})

    return max(DELIMITERS, key=found)


def delimiter_of(path: Path, columns: Iterable[str]) -> str:
    """Return the delimiter of a file, as delimiter_in.

    Raises:
        UnreadableFile: as for opened.
    """
    return delimiter_in(start_of(path).decode(errors="replace"), columns)


def parse_json(text: bytes) -> Any:
    """Parse JSON in UTF-8.

    Half a surrogate pair and numbers beyond a float, which orjson refuses, are read: one row is bad, not the file.

    Raises:
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer)


def _integer(digits: str) -> int | float:
    """Return an integer, or as orjson does a float for one of more than 64 bits."""
    return int(digits) if len(digits) < INT_64_DIGITS else float(digits)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def is_json_lines(start: bytes) -> bool:
    """Return whether a file contains one JSON object per line, each of which is a GeoJSON Feature."""
    if start.startswith(_RECORD_SEPARATOR):
        return True
    line, newline, _ = start.partition(b"\n")
    if not newline and len(line) == START_BYTES:
        return line.replace(b" ", b"").startswith(b'{"type":"Feature",')
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(item, dict) and item.get("type") == "Feature"


def json_lines(path: Path) -> Iterator[Any]:
    """Yield the items of a file with one JSON value per line; None for a value that is nested too deeply.

    Blank lines and record separators are skipped.

    Raises:
        UnreadableFile: as for opened, or a line is not JSON.
    """
    with opened(path) as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(BYTE_ORDER_MARK).lstrip(_RECORD_SEPARATOR).strip()
            if not text:
                continue
            try:
                yield parse_json(text)
            except ValueError as error:
                raise UnreadableFile(f"{path.name} is truncated or not JSON in line {number}") from error
            except RecursionError:
                yield None
