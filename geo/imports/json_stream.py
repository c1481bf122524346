"""Streams the items of a JSON array from documents of any length."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import ijson
import orjson

from geo.errors import UnreadableFile
from geo.imports.source_file import BYTE_ORDER_MARK, opened, parse_json

YAJL_REASON = re.compile(r"error: ([^\\\n]+?)\.?\s*(?:\\|\n|$)")
"""The sentence in yajl's message, without the drawing of the error's position below it."""

PIECE_BYTES = 32_768
"""Bytes read at once: about a hundred features, few enough not to trigger garbage collection."""

_ITEM_BYTES = 262_144
"""Length of text without the end of an item after which ijson is used instead."""

_BETWEEN_OBJECTS = re.compile(rb"\}\s*,(?=\s*\{)")
"""The text between two items. It can also occur within an item or a string, so each match is tried."""

_INVALID = (ValueError, RecursionError)

_BOUNDARIES_TRIED = 3
"""Number of boundaries tried, from the end of a text."""


class _NotInPieces(Exception):
    """The document cannot be read in pieces. ijson reads it instead, or reports the error."""


def stream_items(path: Path, key: str) -> Iterator[Any]:
    """Yield the items of the array under a top-level key.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, not UTF-8, or has no such array.
    """
    given = 0
    with _opened(path) as file:
        try:
            for items in _pieces(file, key):
                yield from items
                given += len(items)
        except _NotInPieces:
            yield from islice(_one_by_one(file, key, path.name), given, None)


def read_text(path: Path, key: str) -> str | None:
    """The text under a top-level key, wherever the key stands; None where there is none.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated or not UTF-8.
    """
    with _opened(path) as file:
        _skip_byte_order_mark(file)
        return next((text for text in ijson.items(file, key) if isinstance(text, str)), None)


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
            return parse_json(b"[" + text[: boundary.end() - 1] + b"]"), text[boundary.end() :]
        except _INVALID:
            continue
    if len(text) > _ITEM_BYTES:
        raise _NotInPieces
    return [], text


def _last_items(text: bytes, key: str) -> list[Any]:
    try:
        items = parse_json(b'{"%s":[' % key.encode() + text)[key]
    except _INVALID as error:
        raise _NotInPieces from error
    if not isinstance(items, list):  # the document has the key twice
        raise _NotInPieces
    return items


def _one_by_one(file: IO[bytes], key: str, name: str) -> Iterator[Any]:
    """Read the whole file with ijson; numbers are floats."""
    _skip_byte_order_mark(file)
    empty = True
    for item in ijson.items(file, f"{key}.item", use_float=True):
        empty = False
        yield item
    if empty and not _has_array(file, key):
        raise UnreadableFile(f'{name} has no array "{key}"')


def _skip_byte_order_mark(file: IO[bytes]) -> None:
    file.seek(0)
    if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
        file.seek(0)


def _has_array(file: IO[bytes], key: str) -> bool:
    _skip_byte_order_mark(file)
    return any(prefix == key and event == "start_array" for prefix, event, _ in ijson.parse(file))
