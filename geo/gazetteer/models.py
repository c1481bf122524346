"""Tables of the gazetteer: named places, stations and streets, by the file that they come from."""

from collections.abc import Mapping
from datetime import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.coordinates import SRID_WGS84
from geo.database import Base
from geo.facilities.models import EXTERNAL_ID_MAX_CHARACTERS, at_most, one_of, quoted

IMPORTANCE: Mapping[str, int] = {
    **dict.fromkeys(("country", "city"), 10),
    **dict.fromkeys(("state", "province", "region", "town"), 9),
    **dict.fromkeys(("county", "district", "municipality", "village"), 8),
    **dict.fromkeys(("borough", "suburb"), 7),
    **dict.fromkeys(("quarter", "station"), 6),
    **dict.fromkeys(("hamlet", "neighbourhood", "island", "islet"), 5),
    **dict.fromkeys(("halt", "square"), 4),
    "street": 3,
    **dict.fromkeys(("isolated_dwelling", "farm", "locality"), 2),
}
"""Kinds of localities, and how likely somebody who types a name means one of this kind (10: most likely). The kinds of
places are the values of OSM's place tag, in the order of its documentation."""

KINDS = tuple(IMPORTANCE)

SETTLEMENTS = ("city", "town", "village")
"""Kinds whose names tell apart smaller localities of the same name."""

NAME_MAX_CHARACTERS = 255
"""Maximum length of a name, as in OpenStreetMap."""


class GazetteerDataset(Base):
    """A file that localities come from, with the licence whose attribution every response contains."""

    __tablename__ = "gazetteer_dataset"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    licence: Mapped[str]
    attribution: Mapped[str]
    url: Mapped[str | None]
    imported_at: Mapped[datetime]


class Locality(Base):
    """A named place, station or street.

    ``external_id`` is the OSM object that it is made of, such as ``node/5``; of several the first. ``search_name`` is
    its name as names.normalised returns it. ``lines`` is the course of a street, simplified, and NULL for other kinds.
    ``near`` is the name of the nearest settlement of a more important kind.
    """

    __tablename__ = "locality"
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint("importance BETWEEN 1 AND 10", name="importance"),
        CheckConstraint(f"char_length(external_id) BETWEEN 1 AND {EXTERNAL_ID_MAX_CHARACTERS}", name="external_id"),
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_MAX_CHARACTERS}", name="name"),
        at_most("search_name", NAME_MAX_CHARACTERS),
        CheckConstraint("population >= 0", name="population"),
        CheckConstraint("(ST_X(location) BETWEEN -180 AND 180) IS TRUE", name="longitude"),
        CheckConstraint("(ST_Y(location) BETWEEN -90 AND 90) IS TRUE", name="latitude"),
        CheckConstraint("(kind = 'street') = (lines IS NOT NULL)", name="lines"),
        # The importance comes first: a search by a prefix reads some rows of each, the most important first.
        Index(
            "ix_locality_importance_search_name",
            "importance",
            "search_name",
            postgresql_ops={"search_name": "text_pattern_ops"},
        ),
        Index("ix_locality_search_name", "search_name"),
        Index(
            "ix_locality_search_name_trigrams",
            "search_name",
            postgresql_using="gist",
            postgresql_ops={"search_name": "gist_trgm_ops"},
        ),
        Index("ix_locality_lines", "lines", postgresql_using="gist", postgresql_where=text("lines IS NOT NULL")),
        Index(
            "ix_locality_location_settlements",
            "location",
            postgresql_using="gist",
            postgresql_where=text(f"kind IN ({quoted(SETTLEMENTS)})"),
        ),
    )

    dataset_id: Mapped[int] = mapped_column(ForeignKey("gazetteer_dataset.id", ondelete="CASCADE"), primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    importance: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str]
    search_name: Mapped[str]
    near: Mapped[str | None]
    population: Mapped[int | None]
    location: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=SRID_WGS84, spatial_index=False))
    lines: Mapped[WKBElement | None] = mapped_column(Geometry("MULTILINESTRING", srid=SRID_WGS84, spatial_index=False))
