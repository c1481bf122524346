"""What readers yield and the writer takes: a facility as its source tells it, or why a row was refused."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geo.coordinates import Point


@dataclass(slots=True)
class FacilityRecord:
    """One facility of one source; nobody changes it, but to say so to Python would double the time to make one.

    Attributes:
        external_id: the source's own name for it, unique within the dataset (``node/123`` for OSM).
        kind: ``toilets``, ``drinking_water``, ``shower`` or ``baby_care``.
        location: where it is.
        venue: what it stands in (``cafe``, ``fuel``; OSM's word), None for one that stands by itself.
        closed: the source says that it is out of use.
        attributes: name of an attribute to its word, where the source says it.
        country: ISO 3166-1 alpha-2, upper case.
        opening_hours: the source's text as it stands, OSM syntax or not.
        tags: whatever else the source says, kept as it is.
    """

    external_id: str
    kind: str
    location: Point
    name: str | None = None
    venue: str | None = None
    closed: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    operator: str | None = None
    street: str | None = None
    house_number: str | None = None
    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    level: str | None = None
    opening_hours: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is no facility, and why in one sentence.

    Attributes:
        external_id: the source's name for the row, or its place in the file (``row 17``).
        reason: the first fault found.
    """

    external_id: str
    reason: str


Reader = Callable[[Path], Iterator[FacilityRecord | Rejection]]
"""Reads a file row by row; raises UnreadableFile where the file as a whole makes no sense."""


@dataclass(frozen=True, slots=True)
class Source:
    """Whose data they are, and what their licence asks of whoever shows them.

    Attributes:
        licence: SPDX identifier.
        attribution: the words that every reply with these data carries.
        url: the page about both, None where there is none.
    """

    licence: str
    attribution: str
    url: str | None = None
