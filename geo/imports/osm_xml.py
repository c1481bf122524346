"""What libosmium passes over in OSM XML: that a reply is incomplete, and which objects are deleted."""

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
"""Elements in which a server says what went wrong: Overpass the one, openstreetmap.org the other."""

FAILURE = re.compile("error|timed? ?out|out of memory", re.IGNORECASE)
"""In a remark of Overpass: it gave up before the end. Its other remarks are harmless."""


class Versions:
    """Which version of each object counts, in a file that has several of some or marks some as deleted.

    Only these are held in memory.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, bool]] = {}
        self._previous: tuple[str, tuple[int, bool]] = ("", (0, False))

    def is_current(self, name: str, version: int) -> bool:
        """Whether this version of an object is its newest one, and is not deleted."""
        return self._newest.get(name, (version, False)) == (version, False)

    def add(self, attributes: Mapping[str, str], tag: str) -> None:
        """Take note of an object in the order of the file, where several versions of one follow each other."""
        name, version = f"{tag}/{attributes.get('id')}", attributes.get("version", "")
        # visible is of OpenStreetMap's history, action of JOSM.
        is_deleted = attributes.get("visible") == "false" or attributes.get("action") == "delete"
        found = int(version) if version.isdecimal() else 0, is_deleted
        known = self._newest.get(name, self._previous[1] if self._previous[0] == name else None)
        if (is_deleted or known) and (known is None or found[0] >= known[0]):
            self._newest[name] = found
        self._previous = name, found


def read_versions(path: Path) -> Versions:
    """Read which version of each object counts; nothing of a file that is no XML.

    Raises:
        UnreadableFile: the file is missing, cut short, no XML, or a server's reply that is incomplete: taken for the
            whole, it would close every place that it lacks.
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
