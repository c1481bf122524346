"""Tables of partners, their keys, and their daily usage."""

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, Date, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.database import Base

KEY_KINDS = ("publishable", "secret")
SCOPES = ("facilities:read", "proposals:write")
PUBLISHABLE_SCOPES = ("facilities:read",)
"""Scopes of publishable keys: anybody can copy such a key from a web page, so it may only read."""

NAME_MAX_CHARACTERS = 100
"""Enough for a company's name, and fits a line of a terminal."""

MAX_DAILY_QUOTA = 1_000_000_000
"""Eleven thousand requests per second: a larger value is a typing error."""

MAX_ORIGINS = 20
"""Origins per key: a site with its language and staging hosts. More sites should have a key each."""

KEY_SLOTS = (1, 2)
"""Two keys of a kind may be valid at once, the old and the new one of a rotation; a unique index enforces it."""

HINT_CHARACTERS = 4
"""Length of the end of a key that lists show; it is part of the checksum."""


def _array(values: tuple[str, ...]) -> str:
    return "ARRAY[" + ", ".join(f"'{value}'" for value in values) + "]"


class Partner(Base):
    """A site or company that uses the partner API. Its quota applies to all its keys together."""

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_MAX_CHARACTERS}", name="name"),
        CheckConstraint("daily_quota >= 1", name="daily_quota"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    daily_quota: Mapped[int]
    created_at: Mapped[datetime]


class PartnerKey(Base):
    """A key, of which only the digest is stored. A revoked key keeps its row and frees its slot."""

    __tablename__ = "partner_key"
    __table_args__ = (
        CheckConstraint("kind IN ('publishable', 'secret')", name="kind"),
        CheckConstraint("slot IN (1, 2)", name="slot"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        CheckConstraint(f"char_length(hint) = {HINT_CHARACTERS}", name="hint"),
        CheckConstraint(f"scopes <@ {_array(SCOPES)} AND cardinality(scopes) >= 1", name="scopes"),
        CheckConstraint(f"kind = 'secret' OR scopes <@ {_array(PUBLISHABLE_SCOPES)}", name="publishable_reads_only"),
        CheckConstraint(
            f"CASE kind WHEN 'publishable' THEN cardinality(origins) BETWEEN 1 AND {MAX_ORIGINS}"
            " ELSE cardinality(origins) = 0 END",
            name="origins",
        ),
        CheckConstraint(
            "array_position(origins, '*') IS NULL AND array_position(origins, 'null') IS NULL", name="no_wildcard"
        ),
        Index(
            "uq_partner_key_slot",
            "partner_id",
            "kind",
            "slot",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"))
    kind: Mapped[str]
    slot: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hint: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    origins: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PartnerUsage(Base):
    """A partner's usage on a day (UTC): requests granted to server processes, and requests reported as served.

    The unspent grant of a process that dies is lost, so granted may stay above served, but never falls below it.
    """

    __tablename__ = "partner_usage"
    __table_args__ = (
        CheckConstraint("served >= 0", name="served"),
        CheckConstraint("granted >= served", name="granted"),
    )

    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    granted: Mapped[int] = mapped_column(server_default="0")
    served: Mapped[int] = mapped_column(server_default="0")
