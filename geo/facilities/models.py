"""The facility, the datasets that tell of it, and what each dataset calls it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import ARRAY, CheckConstraint, Computed, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZMULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from geo.coordinates import SRID_WGS84
from geo.database import Base
from geo.facilities.attributes import ATTRIBUTES, KINDS, OFFERS, TRAITS

STATUSES = ("active", "reported_closed", "closed", "hidden")

MAX_CHARACTERS: Mapping[str, int] = {
    **dict.fromkeys(("name", "operator", "street", "city"), 255),
    **dict.fromkeys(("house_number", "postcode", "region", "level", "venue"), 64),
    **dict.fromkeys(("opening_hours", "opening_hours_note"), 1_000),
}
"""How long the free texts may be: 255 as OpenStreetMap has it, less for what fits on a sign, more for a whole year's
hours. What is longer is a fault of its source, and no phone would show it."""

EXTERNAL_ID_MAX_CHARACTERS = 255
"""A database-wide key in an index, where a text of some kB would not fit."""

FACILITY_FILLFACTOR = 85
"""Per cent of a page filled at first. Each rating rewrites its facility's sums; with room on the page the new row
version stays there and no index is touched (PostgreSQL's HOT update)."""


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """A constraint that keeps a column to the given words; NULL, the unknown, passes."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def at_most(column: str, characters: int) -> CheckConstraint:
    """A constraint on the length of a text; NULL passes."""
    return CheckConstraint(f"char_length({column}) <= {characters}", name=column)


class Facility(Base):
    """A place that offers something to whoever needs it.

    Beside the columns below it has one for each of ATTRIBUTES; NULL is unknown, which is not no. The sums of ratings
    are forward-decayed and recomputed from the ratings at each write, less those that staff excluded; ``open_during``
    and ``unknown_during`` are its compiled opening hours; ``traits`` says in bits what searches ask of the attributes.
    """

    __tablename__ = "facility"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        *(one_of(attribute.name, attribute.words) for attribute in ATTRIBUTES),
        *(at_most(column, characters) for column, characters in MAX_CHARACTERS.items()),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        # An empty point has no longitude: NULL, which would pass.
        CheckConstraint("(ST_X(location) BETWEEN -180 AND 180) IS TRUE", name="longitude"),
        CheckConstraint("(ST_Y(location) BETWEEN -90 AND 90) IS TRUE", name="latitude"),
        CheckConstraint("opening_hours IS NULL OR opening_hours_note IS NULL", name="hours_or_note"),
        CheckConstraint("rating_count >= demo_rating_count AND demo_rating_count >= 0", name="rating_count"),
        CheckConstraint("stars_total BETWEEN rating_count AND 5 * rating_count", name="stars_total"),
        CheckConstraint("(rating_count = 0) = (last_rated_at IS NULL)", name="last_rated_at"),
        CheckConstraint("excluded_rating_count >= 0", name="excluded_rating_count"),
        # Searches look only at what may be offered; the closed and the hidden take no room in the index.
        Index(
            "ix_facility_location_offered",
            "location",
            postgresql_using="gist",
            postgresql_where=text("status IN ('active', 'reported_closed')"),
        ),
        {"postgresql_with": {"fillfactor": str(FACILITY_FILLFACTOR)}},
    )

    # What a search reads stands first, what is long last: PostgreSQL walks over whatever stands before a column.
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    location: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=SRID_WGS84, spatial_index=False))
    status: Mapped[str] = mapped_column(server_default="active")
    traits: Mapped[int] = mapped_column(Computed(TRAITS, persisted=True))
    rating_count: Mapped[int] = mapped_column(server_default="0")
    weight_slow: Mapped[float] = mapped_column(server_default="0")
    stars_slow: Mapped[float] = mapped_column(server_default="0")
    weight_fast: Mapped[float] = mapped_column(server_default="0")
    stars_fast: Mapped[float] = mapped_column(server_default="0")
    kind: Mapped[str]
    name: Mapped[str | None]
    venue: Mapped[str | None]
    operator: Mapped[str | None]
    street: Mapped[str | None]
    house_number: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str | None]
    level: Mapped[str | None]
    opening_hours: Mapped[str | None]
    opening_hours_note: Mapped[str | None]
    offers: Mapped[list[str]] = mapped_column(ARRAY(Text), Computed(OFFERS, persisted=True))
    reported_closed_until: Mapped[datetime | None]
    excluded_rating_count: Mapped[int] = mapped_column(server_default="0")
    demo_rating_count: Mapped[int] = mapped_column(server_default="0")
    stars_total: Mapped[int] = mapped_column(server_default="0")
    last_rated_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    open_during: Mapped[Any | None] = mapped_column(TSTZMULTIRANGE)
    unknown_during: Mapped[Any | None] = mapped_column(TSTZMULTIRANGE)
    tags: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))


for _attribute in ATTRIBUTES:
    setattr(Facility, _attribute.name, mapped_column(Text, nullable=True))


class Dataset(Base):
    """Where facilities came from, with the licence that every reply honours."""

    __tablename__ = "dataset"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    licence: Mapped[str]
    attribution: Mapped[str]
    url: Mapped[str | None]
    imported_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class FacilitySource(Base):
    """What one dataset calls a facility, and whether it still tells of it.

    ``digest`` is of all that it said. ``has_closed``: the facility was offered until this dataset called it closed or
    no longer listed it, so that the dataset may open it again; what staff close or hide is theirs. It was seen whenever
    the dataset was imported, until it vanished.
    """

    __tablename__ = "facility_source"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 16", name="digest"),
        CheckConstraint(f"char_length(external_id) BETWEEN 1 AND {EXTERNAL_ID_MAX_CHARACTERS}", name="external_id"),
    )

    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    has_closed: Mapped[bool] = mapped_column(server_default=text("false"))
    vanished_at: Mapped[datetime | None]
