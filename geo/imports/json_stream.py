"""Items of a JSON document, one after the other, however long the document is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import ijson
import orjson

from geo.errors import UnreadableFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
YAJL_REASON = re.compile(r"error: ([^\\\n]+?)\.?\s*(?:\\|\n|$)")
"""The sentence in yajl's message; below it yajl draws the place of the fault."""

PIECE_BYTES = 32_768
"""Read at once: some hundred features, few enough not to wake the collector of garbage."""

_ITEM_BYTES = 262_144
"""Text without the end of an item after which ijson takes over: items are long, or hold many objects."""

_BETWEEN_OBJECTS = re.compile(rb"\}\s*,(?=\s*\{)")
"""What stands between two items; also between objects within an item or in a text, so that each is tried."""

_BOUNDARIES_TRIED = 3
"""From a text's end on."""


class _NotInPieces(Exception):
    """The document has no such array, no ends of items in reach, or is no JSON: ijson reads it, or tells why not."""


def stream_items(path: Path, key: str) -> Iterator[Any]:
    """Yield the items of the array under a top-level key.

    Raises:
        UnreadableFile: the file is missing, no JSON, cut short, not UTF-8, or has no such array.
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
        UnreadableFile: the file is missing, no JSON, cut short or not UTF-8.
    """
    with _opened(path) as file:
        _skip_byte_order_mark(file)
        return next((text for text in ijson.items(file, key) if isinstance(text, str)), None)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}") from error
    except (ijson.JSONError, UnicodeDecodeError) as error:
        found = YAJL_REASON.search(str(error))
        reason = found[1] if found else "it cannot be decoded"
        raise UnreadableFile(f"{path.name} is cut short or is no JSON: {reason}") from error


def _pieces(file: IO[bytes], key: str) -> Iterator[list[Any]]:
    """Yield the array's items as far as each piece of the file holds whole ones, four times as fast as ijson.

    Text from an item's start to a ``},`` is a JSON array, put in brackets, only if that is where an item ends: in the
    midst of an item a bracket, a brace or a quotation mark is left open.

    Raises:
        _NotInPieces: what was yielded before stands.
    """
    _skip_byte_order_mark(file)
    rest = _after_head(file.read(PIECE_BYTES), key)
    while piece := file.read(PIECE_BYTES):
        items, rest = _split(rest + piece)
        yield items
    yield _last_items(rest, key)


def _after_head(start: bytes, key: str) -> bytes:
    """Cut off all up to the array under a top-level key: what is before it is a whole object, but for two ends."""
    for found in re.finditer(rb'"%s"\s*:\s*\[' % re.escape(key.encode()), start):
        try:
            head = orjson.loads(start[: found.end()] + b"]}")
        except orjson.JSONDecodeError:
            continue
        if isinstance(head, dict) and head.get(key) == []:
            return start[found.end() :]
    raise _NotInPieces


def _split(text: bytes) -> tuple[list[Any], bytes]:
    """Parse the items that end in a text, if any, and give what follows them."""
    for boundary in list(_BETWEEN_OBJECTS.finditer(text))[: -_BOUNDARIES_TRIED - 1 : -1]:
        try:
            return orjson.loads(b"[" + text[: boundary.end() - 1] + b"]"), text[boundary.end() :]
        except orjson.JSONDecodeError:
            continue
    if len(text) > _ITEM_BYTES:
        raise _NotInPieces
    return [], text


def _last_items(text: bytes, key: str) -> list[Any]:
    try:
        items = orjson.loads(b'{"%s":[' % key.encode() + text)[key]
    except orjson.JSONDecodeError as error:
        raise _NotInPieces from error
    if not isinstance(items, list):  # the document has the key twice
        raise _NotInPieces
    return items


def _one_by_one(file: IO[bytes], key: str, name: str) -> Iterator[Any]:
    """Read with ijson, from the start; numbers as floats."""
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
