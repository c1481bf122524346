"""Streams the items of a JSON array from documents of any length."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any

import ijson
import orjson

from geo.errors import UnreadableFile
from geo.imports.files import BYTE_ORDER_MARK, opened

YAJL_REASON = re.compile(r"error: ([^\\\n]+?)\.?\s*(?:\\|\n|$)")
"""The sentence in yajl's message, without the drawing of the error's position below it."""

PIECE_BYTES = 32_768
"""Bytes read at once: about a hundred features, few enough not to trigger garbage collection."""

_ITEM_BYTES = 262_144
"""Length of text without the end of an item after which ijson is used instead."""

_PYTHON_READER = ijson.get_backend("python")

_BETWEEN_OBJECTS = re.compile(rb"\}\s*,(?=\s*\{)")
"""The text between two items. It can also occur within an item or a string, so each match is tried."""

_RECORD_SEPARATOR = b"\x1e"
"""Precedes each item of a GeoJSON text sequence (RFC 8142)."""

INT_64_DIGITS = 19
"""Digits of the largest integers of 64 bits."""

_BOUNDARIES_TRIED = 3
"""Number of boundaries tried, from the end of a text."""


class _NotInPieces(Exception):
    """The document cannot be read in pieces. ijson reads it instead, or reports the error."""


def stream_items(path: Path, key: str) -> Iterator[Any]:
    """Yield the items of an array.

    Args:
        path: the file.
        key: a top-level key, or several that lead to the array, joined by dots; empty if the document is the array.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, not UTF-8, or has no such array.
    """
    given = 0
    with _opened(path) as file:
        if not key:
            yield from _tolerant(file, key, path.name, given)
            return
        try:
            for items in _pieces(file, key):
                yield from items
                given += len(items)
        except _NotInPieces:
            yield from _tolerant(file, key, path.name, given)


def stream_lines(path: Path) -> Iterator[Any]:
    """Yield the items of a file with one on each line (NDJSON), also of a GeoJSON text sequence (RFC 8142).

    Raises:
        UnreadableFile: the file is missing, or a line is not JSON.

    A value that is nested too deeply is None.
    """
    with opened(path) as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(BYTE_ORDER_MARK).lstrip(_RECORD_SEPARATOR).strip()
            if text:
                try:
                    yield _parsed(text)
                except ValueError as error:
                    raise UnreadableFile(f"{path.name} is truncated or not JSON in line {number}") from error
                except RecursionError:
                    yield None


def _parsed(text: bytes) -> Any:
    """Parse JSON, also with half a surrogate pair or a number like 1e400, which orjson refuses.

    Raises:
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, parse_int=_integer, parse_constant=_refuse)


def _integer(digits: str) -> int | float:
    """Return an integer, or as orjson does a float for one of more than 64 bits."""
    return int(digits) if len(digits) < INT_64_DIGITS else float(digits)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def read_text(path: Path, key: str) -> str | None:
    """The text under a top-level key, wherever the key stands; None where there is none.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated or not UTF-8.
    """
    with _opened(path) as file:
        for reader in (ijson, _PYTHON_READER):
            _skip_byte_order_mark(file)
            try:
                return next((text for text in reader.items(file, key) if isinstance(text, str)), None)
            except (UnicodeDecodeError, ijson.JSONError):
                if reader is _PYTHON_READER:
                    raise
        return None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with opened(path) as file:
            yield file
    except (ijson.JSONError, UnicodeDecodeError) as error:
        found = YAJL_REASON.search(str(error))
        reason = found[1] if found else "it cannot be decoded"
        raise UnreadableFile(f"{path.name} is truncated or not JSON: {reason}") from error


def _pieces(file: IO[bytes], key: str) -> Iterator[list[Any]]:
    """Yield the complete items of each piece of the file, four times as fast as ijson.

    Text from an item's start to a ``},`` in brackets is a valid JSON array only if an item ends there: within an item,
    a bracket, brace or quotation mark would be open.

    Raises:
        _NotInPieces: items yielded before remain valid.
    """
    _skip_byte_order_mark(file)
    rest = _after_head(file.read(PIECE_BYTES), key)
    while piece := file.read(PIECE_BYTES):
        items, rest = _split(rest + piece)
        yield items
    yield _last_items(rest, key)


def _after_head(start: bytes, key: str) -> bytes:
    """Remove everything up to the array under a top-level key."""
    for found in re.finditer(rb'"%s"\s*:\s*\[' % re.escape(key.encode()), start):
        try:
            head = orjson.loads(start[: found.end()] + b"]}")
        except orjson.JSONDecodeError:
            continue
        if isinstance(head, dict) and head.get(key) == []:
            return start[found.end() :]
    raise _NotInPieces


def _split(text: bytes) -> tuple[list[Any], bytes]:
    """Parse the items that end in a text, and return them and the rest of the text."""
    for boundary in list(_BETWEEN_OBJECTS.finditer(text))[: -_BOUNDARIES_TRIED - 1 : -1]:
        try:
            return _parsed(b"[" + text[: boundary.end() - 1] + b"]"), text[boundary.end() :]
        except (ValueError, RecursionError):
            continue
    if len(text) > _ITEM_BYTES:
        raise _NotInPieces
    return [], text


def _last_items(text: bytes, key: str) -> list[Any]:
    try:
        items = _parsed(b'{"%s":[' % key.encode() + text)[key]
    except (ValueError, RecursionError) as error:
        raise _NotInPieces from error
    if not isinstance(items, list):  # the document has the key twice
        raise _NotInPieces
    return items


def _tolerant(file: IO[bytes], key: str, name: str, given: int) -> Iterator[Any]:
    """Yield the items after those given, also if one has half a surrogate pair or a number like 1e400.

    Only ijson's reader in Python, which is slow, accepts those, so that a single row is rejected and not the file.
    """
    try:
        for item in islice(_one_by_one(file, key, name), given, None):
            given += 1
            yield item
    except (UnicodeDecodeError, ijson.JSONError) as error:
        try:
            yield from map(_with_floats, islice(_one_by_one(file, key, name, _PYTHON_READER), given, None))
        except (ijson.JSONError, ValueError):
            raise error from None


def _with_floats(value: Any) -> Any:
    """Return a JSON value with floats in place of decimals; those that are too large are infinite."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {key: _with_floats(each) for key, each in value.items()}
        case list():
            return [_with_floats(each) for each in value]
    return value


def _one_by_one(file: IO[bytes], key: str, name: str, reader: Any = ijson) -> Iterator[Any]:
    """Read the whole file with ijson; numbers are floats, by its reader in Python decimals."""
    _skip_byte_order_mark(file)
    empty = True
    for item in reader.items(file, f"{key}.item".removeprefix("."), use_float=reader is ijson):
        empty = False
        yield item
    if empty and not _has_array(file, key):
        raise UnreadableFile(f'{name} has no array "{key}"' if key else f"{name} is not an array")


def _skip_byte_order_mark(file: IO[bytes]) -> None:
    file.seek(0)
    if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
        file.seek(0)


def _has_array(file: IO[bytes], key: str) -> bool:
    _skip_byte_order_mark(file)
    return any(prefix == key and event == "start_array" for prefix, event, _ in ijson.parse(file))
