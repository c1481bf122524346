"""Tables of facilities, datasets, and the id of each facility in each dataset."""

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

LISTED_STATUSES = ("active", "reported_closed")
"""Statuses of facilities that a search may return."""

PUBLIC_STATUSES = (*LISTED_STATUSES, "closed")
"""Statuses of facilities that everybody can see."""

PART_STATUSES = ("merged", "record")
"""Statuses of rows that are part of another place: ``merged`` is a place that was merged into it, whose id redirects to
it; ``record`` is what one source says of it, which nobody sees by its own id."""

STATUSES = (*PUBLIC_STATUSES, "hidden", *PART_STATUSES)

AUTHORITIES = ("official", "community")
"""Who maintains a dataset: the operator of the places or an authority, or volunteers."""

MAX_CHARACTERS: Mapping[str, int] = {
    **dict.fromkeys(("name", "operator", "street", "city"), 255),
    **dict.fromkeys(("house_number", "postcode", "region", "level", "venue"), 64),
    **dict.fromkeys(("opening_hours", "opening_hours_note"), 1_000),
}
"""Maximum lengths of free texts: 255 as in OpenStreetMap, less for texts on a sign, more for the hours of a year.
Longer texts are errors of their source."""

EXTERNAL_ID_MAX_CHARACTERS = 255
"""Maximum length of an id, which is a key in an index."""

FACILITY_FILLFACTOR = 85
"""Percentage of a page that inserts fill. Each rating updates its facility's sums; with space on the page the new row
version stays there and no index is changed (PostgreSQL's HOT update)."""


def quoted(words: tuple[str, ...]) -> str:
    """Return words as a list of SQL literals."""
    return ", ".join(f"'{word}'" for word in words)


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """Return a constraint that restricts a column to the given words or NULL."""
    return CheckConstraint(f"{column} IN ({quoted(words)})", name=column)


def at_most(column: str, characters: int) -> CheckConstraint:
    """Return a constraint on the length of a text, which may be NULL."""
    return CheckConstraint(f"char_length({column}) <= {characters}", name=column)


class Facility(Base):
    """A public facility.

    In addition to the columns below it has one for each of ATTRIBUTES; NULL means unknown, not no. The sums of ratings
    are forward-decayed and recomputed at each write from the ratings that staff have not excluded. The prior and the
    credibilities are estimated nightly (geo/priors); a new place has the constants of geo/crowd/quality.py until then.
    ``open_during`` and ``unknown_during`` are its compiled opening hours; ``traits`` are the bits that searches use for
    the attributes. ``merged_into`` is the place that a row with one of PART_STATUSES is part of, which may itself be
    part of another. ``out_of_order_until`` may be in the past: then the place is in order. ``rush_until`` is when the
    alarm about its ratings ends at the latest.
    """

    __tablename__ = "facility"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        *(one_of(attribute.name, attribute.words) for attribute in ATTRIBUTES),
        *(at_most(column, characters) for column, characters in MAX_CHARACTERS.items()),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        # An empty point has the longitude NULL, which would pass.
        CheckConstraint("(ST_X(location) BETWEEN -180 AND 180) IS TRUE", name="longitude"),
        CheckConstraint("(ST_Y(location) BETWEEN -90 AND 90) IS TRUE", name="latitude"),
        CheckConstraint("opening_hours IS NULL OR opening_hours_note IS NULL", name="hours_or_note"),
        CheckConstraint("rating_count >= demo_rating_count AND demo_rating_count >= 0", name="rating_count"),
        # A sum of rounded products may exceed its bounds in the last digits.
        CheckConstraint(
            "weight_total BETWEEN 0 AND rating_count + 0.001"
            " AND stars_total BETWEEN 0.999 * weight_total AND 5.001 * weight_total",
            name="stars_total",
        ),
        CheckConstraint("(rating_count = 0) = (last_rated_at IS NULL)", name="last_rated_at"),
        CheckConstraint("excluded_rating_count >= 0", name="excluded_rating_count"),
        CheckConstraint("(status IN ('merged', 'record')) = (merged_into IS NOT NULL)", name="merged_into"),
        # Quality is at most 5, which bounds a search; the bounds of the credibilities are those of their estimate.
        CheckConstraint("prior_stars BETWEEN 1 AND 5", name="prior_stars"),
        CheckConstraint("record_credibility BETWEEN 1 AND 20", name="record_credibility"),
        CheckConstraint("present_credibility BETWEEN 2 AND 30", name="present_credibility"),
        Index("ix_facility_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        # Searches use only facilities that may be returned; closed and hidden ones are not in the index.
        Index(
            "ix_facility_location_offered",
            "location",
            postgresql_using="gist",
            postgresql_where=text(f"status IN ({quoted(LISTED_STATUSES)})"),
        ),
        {"postgresql_with": {"fillfactor": str(FACILITY_FILLFACTOR)}},
    )

    # Columns that a search reads come first, long ones last: PostgreSQL walks over all columns before one.
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    location: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=SRID_WGS84, spatial_index=False))
    status: Mapped[str] = mapped_column(server_default="active")
    traits: Mapped[int] = mapped_column(Computed(TRAITS, persisted=True))
    rating_count: Mapped[int] = mapped_column(server_default="0")
    weight_slow: Mapped[float] = mapped_column(server_default="0")
    stars_slow: Mapped[float] = mapped_column(server_default="0")
    weight_fast: Mapped[float] = mapped_column(server_default="0")
    stars_fast: Mapped[float] = mapped_column(server_default="0")
    prior_stars: Mapped[float] = mapped_column(server_default="3.6")
    record_credibility: Mapped[float] = mapped_column(server_default="5")
    present_credibility: Mapped[float] = mapped_column(server_default="5")
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
    weight_total: Mapped[float] = mapped_column(server_default="0")
    stars_total: Mapped[float] = mapped_column(server_default="0")
    last_rated_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    open_during: Mapped[Any | None] = mapped_column(TSTZMULTIRANGE)
    unknown_during: Mapped[Any | None] = mapped_column(TSTZMULTIRANGE)
    prior_group: Mapped[str | None]
    tags: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("facility.id"))
    out_of_order_until: Mapped[datetime | None]
    rush_until: Mapped[datetime | None]


for _attribute in ATTRIBUTES:
    setattr(Facility, _attribute.name, mapped_column(Text, nullable=True))


class Dataset(Base):
    """A source of facilities, with the licence whose attribution every response contains."""

    __tablename__ = "dataset"
    __table_args__ = (one_of("authority", AUTHORITIES),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    licence: Mapped[str]
    attribution: Mapped[str]
    url: Mapped[str | None]
    imported_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    authority: Mapped[str] = mapped_column(server_default="community")


class FacilitySource(Base):
    """A facility's id in a dataset, and whether the dataset still lists it.

    ``digest`` is the digest of the whole row. ``has_closed``: this dataset closed the facility or no longer lists it,
    so it may open it again; it cannot reopen what staff closed or hid. ``vanished_at`` is when an import first lacked
    it. ``record_id`` is the row with what the dataset says of a place that has several sources or an accepted proposal;
    ``gave`` are the attributes of the place that come from it. Both are NULL if the facility itself is the record.
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
    record_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    gave: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class KeptApart(Base):
    """Two places that are not the same, by a decision; they are not merged automatically."""

    __tablename__ = "kept_apart"
    __table_args__ = (CheckConstraint("facility_id < other_id", name="order"),)

    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime]
