"""Creates the tables of facilities, datasets, and the ids of facilities in datasets."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

OFFERS = """array_remove(ARRAY[
    kind,
    CASE WHEN shower = 'yes' AND kind <> 'shower' THEN 'shower' END,
    CASE WHEN drinking_water = 'yes' AND kind <> 'drinking_water' THEN 'drinking_water' END,
    CASE WHEN changing_table = 'yes' AND kind <> 'baby_care' THEN 'baby_care' END
], NULL)"""

MAX_CHARACTERS = {
    **dict.fromkeys(("name", "operator", "street", "city"), 255),
    **dict.fromkeys(("house_number", "postcode", "region", "level", "venue"), 64),
    **dict.fromkeys(("opening_hours", "opening_hours_note"), 1_000),
}


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("imported_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("name", name=op.f("uq_dataset_name")),
    )
    op.create_table(
        "facility",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("access", sa.Text(), nullable=True),
        sa.Column("wheelchair", sa.Text(), nullable=True),
        sa.Column("fee", sa.Text(), nullable=True),
        sa.Column("changing_table", sa.Text(), nullable=True),
        sa.Column("all_gender", sa.Text(), nullable=True),
        sa.Column("male", sa.Text(), nullable=True),
        sa.Column("female", sa.Text(), nullable=True),
        sa.Column("shower", sa.Text(), nullable=True),
        sa.Column("drinking_water", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("house_number", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("opening_hours", sa.Text(), nullable=True),
        sa.Column("opening_hours_note", sa.Text(), nullable=True),
        sa.Column("open_during", postgresql.TSTZMULTIRANGE(), nullable=True),
        sa.Column("unknown_during", postgresql.TSTZMULTIRANGE(), nullable=True),
        sa.Column("tags", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("offers", sa.ARRAY(sa.Text()), sa.Computed(OFFERS, persisted=True), nullable=False),
        sa.Column("rating_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("demo_rating_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stars_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("weight_slow", sa.Double(), server_default="0", nullable=False),
        sa.Column("stars_slow", sa.Double(), server_default="0", nullable=False),
        sa.Column("weight_fast", sa.Double(), server_default="0", nullable=False),
        sa.Column("stars_fast", sa.Double(), server_default="0", nullable=False),
        sa.Column("last_rated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("access IN ('public', 'customers', 'key', 'private')", name=op.f("ck_facility_access")),
        sa.CheckConstraint("all_gender IN ('yes', 'no')", name=op.f("ck_facility_all_gender")),
        sa.CheckConstraint("changing_table IN ('yes', 'no')", name=op.f("ck_facility_changing_table")),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_facility_country")),
        sa.CheckConstraint("drinking_water IN ('yes', 'no')", name=op.f("ck_facility_drinking_water")),
        sa.CheckConstraint("fee IN ('yes', 'no')", name=op.f("ck_facility_fee")),
        sa.CheckConstraint("female IN ('yes', 'no')", name=op.f("ck_facility_female")),
        sa.CheckConstraint(
            "kind IN ('toilets', 'drinking_water', 'shower', 'baby_care')", name=op.f("ck_facility_kind")
        ),
        sa.CheckConstraint("male IN ('yes', 'no')", name=op.f("ck_facility_male")),
        sa.CheckConstraint("shower IN ('yes', 'no')", name=op.f("ck_facility_shower")),
        sa.CheckConstraint(
            "status IN ('active', 'reported_closed', 'closed', 'hidden')", name=op.f("ck_facility_status")
        ),
        sa.CheckConstraint("wheelchair IN ('yes', 'limited', 'no')", name=op.f("ck_facility_wheelchair")),
        sa.CheckConstraint("(rating_count = 0) = (last_rated_at IS NULL)", name=op.f("ck_facility_last_rated_at")),
        sa.CheckConstraint("(ST_X(location) BETWEEN -180 AND 180) IS TRUE", name=op.f("ck_facility_longitude")),
        sa.CheckConstraint("(ST_Y(location) BETWEEN -90 AND 90) IS TRUE", name=op.f("ck_facility_latitude")),
        sa.CheckConstraint(
            "opening_hours IS NULL OR opening_hours_note IS NULL", name=op.f("ck_facility_hours_or_note")
        ),
        sa.CheckConstraint(
            "rating_count >= demo_rating_count AND demo_rating_count >= 0",
            name=op.f("ck_facility_rating_count"),
        ),
        sa.CheckConstraint(
            "stars_total BETWEEN rating_count AND 5 * rating_count", name=op.f("ck_facility_stars_total")
        ),
        *(
            sa.CheckConstraint(f"char_length({column}) <= {characters}", name=op.f(f"ck_facility_{column}"))
            for column, characters in MAX_CHARACTERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index(
        "ix_facility_location_offered",
        "facility",
        ["location"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('active', 'reported_closed')"),
    )
    op.create_table(
        "facility_source",
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("has_closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("vanished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(digest) = 16", name=op.f("ck_facility_source_digest")),
        sa.CheckConstraint("char_length(external_id) BETWEEN 1 AND 255", name=op.f("ck_facility_source_external_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_facility_source_dataset_id_dataset")),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
            name=op.f("fk_facility_source_facility_id_facility"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dataset_id", "external_id", name=op.f("pk_facility_source")),
    )
    op.create_index("ix_facility_source_facility_id", "facility_source", ["facility_id"], unique=False)


def downgrade() -> None:
    op.drop_table("facility_source")
    op.drop_table("facility")
    op.drop_table("dataset")
