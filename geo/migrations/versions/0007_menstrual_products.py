"""Adds menstrual_products, and bits for every value of every attribute, so that searches can filter by all of them."""

import sqlalchemy as sa
from alembic import op

from geo.migrations import facility_table

revision = "0007"
down_revision = "0006"

FIVE_ATTRIBUTES = """
    CASE WHEN kind = 'toilets' THEN 1 ELSE 0 END
    | CASE WHEN coalesce(drinking_water = 'yes', kind = 'drinking_water') THEN 2 ELSE 0 END
    | CASE WHEN coalesce(shower = 'yes', kind = 'shower') THEN 4 ELSE 0 END
    | CASE WHEN coalesce(changing_table = 'yes', kind = 'baby_care') THEN 8 ELSE 0 END
    | CASE access WHEN 'public' THEN 16 WHEN 'customers' THEN 32 WHEN 'key' THEN 64 WHEN 'private' THEN 128 ELSE 256 END
    | CASE wheelchair WHEN 'yes' THEN 512 WHEN 'limited' THEN 1024 WHEN 'no' THEN 2048 ELSE 4096 END
    | CASE fee WHEN 'yes' THEN 8192 WHEN 'no' THEN 16384 ELSE 32768 END
    | CASE changing_table WHEN 'yes' THEN 65536 WHEN 'no' THEN 131072 ELSE 262144 END
    | CASE all_gender WHEN 'yes' THEN 524288 WHEN 'no' THEN 1048576 ELSE 2097152 END
"""

EVERY_ATTRIBUTE = f"""
    ({FIVE_ATTRIBUTES}
    | CASE male WHEN 'yes' THEN 4194304 WHEN 'no' THEN 8388608 ELSE 16777216 END
    | CASE female WHEN 'yes' THEN 33554432 WHEN 'no' THEN 67108864 ELSE 134217728 END
    | CASE shower WHEN 'yes' THEN 268435456 WHEN 'no' THEN 536870912 ELSE 1073741824 END
    | CASE drinking_water WHEN 'yes' THEN 2147483648 WHEN 'no' THEN 4294967296 ELSE 8589934592 END
    | CASE menstrual_products WHEN 'yes' THEN 17179869184 WHEN 'limited' THEN 34359738368 WHEN 'no' THEN 68719476736
        ELSE 137438953472 END)::bigint
"""


def upgrade() -> None:
    op.add_column("facility", sa.Column("menstrual_products", sa.Text()))
    op.create_check_constraint("menstrual_products", "facility", "menstrual_products IN ('yes', 'limited', 'no')")
    _generate_traits(sa.BigInteger(), EVERY_ATTRIBUTE)


def downgrade() -> None:
    _generate_traits(sa.Integer(), FIVE_ATTRIBUTES)
    op.drop_column("facility", "menstrual_products")


def _generate_traits(column_type: sa.types.TypeEngine[int], expression: str) -> None:
    op.drop_column("facility", "traits")
    op.add_column("facility", sa.Column("traits", column_type))
    facility_table.rebuild({"traits": expression})
