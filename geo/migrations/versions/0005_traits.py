"""Adds facility attributes as bits that a search tests in one comparison, and moves the columns of searches first."""

import sqlalchemy as sa
from alembic import op

from geo.migrations import facility_table

revision = "0005"
down_revision = "0004"

TRAITS = """
    CASE WHEN kind = 'toilets' THEN 1 ELSE 0 END
    | CASE WHEN kind = 'drinking_water' OR drinking_water = 'yes' THEN 2 ELSE 0 END
    | CASE WHEN kind = 'shower' OR shower = 'yes' THEN 4 ELSE 0 END
    | CASE WHEN kind = 'baby_care' OR changing_table = 'yes' THEN 8 ELSE 0 END
    | CASE access WHEN 'public' THEN 16 WHEN 'customers' THEN 32 WHEN 'key' THEN 64 WHEN 'private' THEN 128 ELSE 256 END
    | CASE wheelchair WHEN 'yes' THEN 512 WHEN 'limited' THEN 1024 WHEN 'no' THEN 2048 ELSE 4096 END
    | CASE fee WHEN 'yes' THEN 8192 WHEN 'no' THEN 16384 ELSE 32768 END
    | CASE changing_table WHEN 'yes' THEN 65536 WHEN 'no' THEN 131072 ELSE 262144 END
    | CASE all_gender WHEN 'yes' THEN 524288 WHEN 'no' THEN 1048576 ELSE 2097152 END
"""


def upgrade() -> None:
    op.add_column("facility", sa.Column("traits", sa.Integer(), sa.Computed(TRAITS, persisted=True), nullable=False))
    facility_table.rebuild()


def downgrade() -> None:
    op.drop_column("facility", "traits")
