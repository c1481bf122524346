"""Reads what libosmium ignores in OSM XML: incomplete responses and deleted objects."""

import bz2
import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO
from xml.parsers import expat

from geo.errors import UnreadableFile

SUFFIX = re.compile(r"\.(?:osm|osh|xml)(\.gz|\.bz2)?\Z", re.IGNORECASE)

_OPENERS: Mapping[str | None, Callable[[Path], IO[bytes]]] = MappingProxyType(
    {None: lambda path: path.open("rb"), ".gz": gzip.open, ".bz2": bz2.open}  # type: ignore[dict-item]  # of bytes
)

OBJECTS = ("node", "way", "relation")

REMARKS = ("remark", "error")
"""Elements with a server's error message: ``remark`` of Overpass, ``error`` of openstreetmap.org."""

FAILURE = re.compile("error|timed? ?out|out of memory", re.IGNORECASE)
"""Text in a remark of Overpass for an aborted query. Other remarks are harmless."""


class Versions:
    """The current version of each object, in a file with several versions or deleted objects.

    Only such objects are held in memory.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, bool]] = {}
        self._previous: tuple[str, tuple[int, bool]] = ("", (0, False))

    def is_current(self, name: str, version: int) -> bool:
        """Return whether this version of an object is its newest one and not deleted."""
        return self._newest.get(name, (version, False)) == (version, False)

    def add(self, attributes: Mapping[str, str], tag: str) -> None:
        """Record an object, in file order, where the versions of an object follow each other."""
        name, version = f"{tag}/{attributes.get('id')}", attributes.get("version", "")
        # visible is used in OpenStreetMap's history, action by JOSM.
        is_deleted = attributes.get("visible") == "false" or attributes.get("action") == "delete"
        found = int(version) if version.isdecimal() else 0, is_deleted
        known = self._newest.get(name, self._previous[1] if self._previous[0] == name else None)
        if (is_deleted or known) and (known is None or found[0] >= known[0]):
            self._newest[name] = found
        self._previous = name, found


def read_versions(path: Path) -> Versions:
    """Return the current versions of the objects of a file; empty if it is not XML.

    Raises:
        UnreadableFile: the file is missing, truncated, not XML, or an incomplete response, whose import would close all
            places that it lacks.
    """
    versions = Versions()
    suffix = SUFFIX.search(path.name)
    if suffix is None:
        return versions
    remark: list[str] | None = None
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal remark
        if tag in OBJECTS:
            versions.add(attributes, tag)
        elif tag in REMARKS:
            remark = []
            parser.CharacterDataHandler = remark.append

    def end(tag: str) -> None:
        if tag in REMARKS and remark is not None:
            parser.CharacterDataHandler = None
            text = " ".join("".join(remark).split())
            if tag == "error" or FAILURE.search(text):
                raise UnreadableFile(f"{path.name} is incomplete: {text}")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    opened = _OPENERS[suffix[1] and suffix[1].lower()]
    try:
        with opened(path) as file:
            parser.ParseFile(file)
    except (OSError, EOFError, zlib.error, expat.ExpatError, LookupError, ValueError) as error:
        # expat leaves an unknown encoding to Python's codecs, which raise the last two.
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"{path.name} cannot be read as an OSM extract: {reason}") from error
    return versions
