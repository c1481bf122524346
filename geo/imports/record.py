"""The records that readers yield and the writer takes: facilities and rejected rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from geo.coordinates import Point
from geo.errors import InvalidCoordinates


@dataclass(slots=True)
class FacilityRecord:
    """A facility of a source. It is not modified; a frozen dataclass would take twice as long to create.

    Attributes:
        external_id: its id in the source, unique within the dataset (``node/123`` for OSM).
        kind: ``toilets``, ``drinking_water``, ``shower`` or ``baby_care``.
        location: its position.
        venue: the venue that it is in, as an OSM value (``cafe``, ``fuel``); None for a stand-alone facility.
        closed: whether it is out of use.
        attributes: words by attribute name, where known.
        country: ISO 3166-1 alpha-2, upper case.
        opening_hours: the source's text, in OSM syntax or not.
        tags: all other data of the source, unchanged.
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
    """A rejected row, with the reason in one sentence.

    Attributes:
        external_id: the row's id in the source, or its position in the file (``row 17``).
        reason: the first error found.
        is_swapped: whether its position would be valid with longitude and latitude swapped.
    """

    external_id: str
    reason: str
    is_swapped: bool = False

    @classmethod
    def of(cls, external_id: str, error: InvalidCoordinates) -> Self:
        """Return the rejection of a row because of its position."""
        return cls(external_id, str(error), error.is_swapped)


Reader = Callable[[Path], Iterator[FacilityRecord | Rejection]]
"""Reads a file row by row; raises UnreadableFile if the file as a whole is invalid."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of data, with its licence.

    Attributes:
        licence: SPDX identifier.
        attribution: the attribution that every response with these data contains.
        url: a page about both, http or https, or None.

    Raises:
        ValueError: the URL is of another kind; pages show it as a link.
    """

    licence: str
    attribution: str
    url: str | None = None

    def __post_init__(self) -> None:
        if self.url is not None and not self.url.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
