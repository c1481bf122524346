"""Items of a JSON document, one after the other, however long the document is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import ijson

from geo.errors import UnreadableFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
YAJL_REASON = re.compile(r"error: ([^\\\n]+?)\.?\s*(?:\\|\n|$)")
"""The sentence in yajl's message; below it yajl draws the place of the fault."""


def stream_items(path: Path, key: str) -> Iterator[Any]:
    """Yield the items of the array under a top-level key; numbers as floats.

    Raises:
        UnreadableFile: the file is missing, no JSON, cut short, not UTF-8, or has no such array.
    """
    empty = True
    try:
        with path.open("rb") as file:
            _skip_byte_order_mark(file)
            for item in ijson.items(file, f"{key}.item", use_float=True):
                empty = False
                yield item
            if empty and not _has_array(file, key):
                raise UnreadableFile(f'{path.name} has no array "{key}"')
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}") from error
    except (ijson.JSONError, UnicodeDecodeError) as error:
        found = YAJL_REASON.search(str(error))
        reason = found[1] if found else "it cannot be decoded"
        raise UnreadableFile(f"{path.name} is cut short or is no JSON: {reason}") from error


def _skip_byte_order_mark(file: IO[bytes]) -> None:
    file.seek(0)
    if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
        file.seek(0)


def _has_array(file: IO[bytes], key: str) -> bool:
    _skip_byte_order_mark(file)
    return any(prefix == key and event == "start_array" for prefix, event, _ in ijson.parse(file))
