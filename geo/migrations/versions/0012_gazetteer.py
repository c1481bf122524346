"""The gazetteer: named places, stations and streets, by the file that they come from."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0012"
down_revision = "0011"

KINDS = """'country', 'city', 'state', 'province', 'region', 'town', 'county', 'district', 'municipality', 'village',
    'borough', 'suburb', 'quarter', 'station', 'hamlet', 'neighbourhood', 'island', 'islet', 'halt', 'square',
    'street', 'isolated_dwelling', 'farm', 'locality'"""


def upgrade() -> None:
    op.create_table(
        "gazetteer_dataset",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("imported_at", sa.TIMESTAMP(timezone=True), nullable=False),
    )
    op.create_table(
        "locality",
        sa.Column(
            "dataset_id",
            sa.BigInteger(),
            sa.ForeignKey("gazetteer_dataset.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("external_id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("importance", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("near", sa.Text()),
        sa.Column("population", sa.BigInteger()),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("lines", Geometry("MULTILINESTRING", srid=4326, spatial_index=False)),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        sa.CheckConstraint("importance BETWEEN 1 AND 10", name="importance"),
        sa.CheckConstraint("char_length(external_id) BETWEEN 1 AND 255", name="external_id"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name="name"),
        sa.CheckConstraint("char_length(search_name) <= 255", name="search_name"),
        sa.CheckConstraint("population >= 0", name="population"),
        sa.CheckConstraint("(ST_X(location) BETWEEN -180 AND 180) IS TRUE", name="longitude"),
        sa.CheckConstraint("(ST_Y(location) BETWEEN -90 AND 90) IS TRUE", name="latitude"),
        sa.CheckConstraint("(kind = 'street') = (lines IS NOT NULL)", name="lines"),
    )
    op.create_index(
        "ix_locality_importance_search_name",
        "locality",
        ["importance", "search_name"],
        postgresql_ops={"search_name": "text_pattern_ops"},
    )
    op.create_index("ix_locality_search_name", "locality", ["search_name"])
    op.create_index(
        "ix_locality_search_name_trigrams",
        "locality",
        ["search_name"],
        postgresql_using="gist",
        postgresql_ops={"search_name": "gist_trgm_ops"},
    )
    op.create_index(
        "ix_locality_lines",
        "locality",
        ["lines"],
        postgresql_using="gist",
        postgresql_where=sa.text("lines IS NOT NULL"),
    )
    op.create_index(
        "ix_locality_location_settlements",
        "locality",
        ["location"],
        postgresql_using="gist",
        postgresql_where=sa.text("kind IN ('city', 'town', 'village')"),
    )


def downgrade() -> None:
    op.drop_table("locality")
    op.drop_table("gazetteer_dataset")
