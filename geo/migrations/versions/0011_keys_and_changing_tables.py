"""Access keys, the place of the changing table, and toilets at facilities of other kinds."""

import sqlalchemy as sa
from alembic import op

from geo.migrations import facility_table

revision = "0011"
down_revision = "0010"

WORDS = {
    "toilets": ("yes", "no"),
    "changing_table_location": (
        *("wheelchair_toilet", "female_toilet", "male_toilet", "male_and_female_toilet", "unisex_toilet"),
        *("dedicated_room", "room", "sales_area"),
    ),
    "key_scheme": ("radar", "eurokey", "mlak"),
}

OFFERED_WITHOUT_TOILETS = """
    CASE WHEN coalesce(drinking_water = 'yes', kind = 'drinking_water') THEN 2 ELSE 0 END
    | CASE WHEN coalesce(shower = 'yes', kind = 'shower') THEN 4 ELSE 0 END
    | CASE WHEN coalesce(changing_table = 'yes', kind = 'baby_care') THEN 8 ELSE 0 END
"""

TEN_ATTRIBUTES = """
    CASE access WHEN 'public' THEN 16 WHEN 'customers' THEN 32 WHEN 'key' THEN 64 WHEN 'private' THEN 128 ELSE 256 END
    | CASE wheelchair WHEN 'yes' THEN 512 WHEN 'limited' THEN 1024 WHEN 'no' THEN 2048 ELSE 4096 END
    | CASE fee WHEN 'yes' THEN 8192 WHEN 'no' THEN 16384 ELSE 32768 END
    | CASE changing_table WHEN 'yes' THEN 65536 WHEN 'no' THEN 131072 ELSE 262144 END
    | CASE all_gender WHEN 'yes' THEN 524288 WHEN 'no' THEN 1048576 ELSE 2097152 END
    | CASE male WHEN 'yes' THEN 4194304 WHEN 'no' THEN 8388608 ELSE 16777216 END
    | CASE female WHEN 'yes' THEN 33554432 WHEN 'no' THEN 67108864 ELSE 134217728 END
    | CASE shower WHEN 'yes' THEN 268435456 WHEN 'no' THEN 536870912 ELSE 1073741824 END
    | CASE drinking_water WHEN 'yes' THEN 2147483648 WHEN 'no' THEN 4294967296 ELSE 8589934592 END
    | CASE menstrual_products WHEN 'yes' THEN 17179869184 WHEN 'limited' THEN 34359738368 WHEN 'no' THEN 68719476736
        ELSE 137438953472 END
"""

THREE_ATTRIBUTES = """
    CASE toilets WHEN 'yes' THEN 274877906944 WHEN 'no' THEN 549755813888 ELSE 1099511627776 END
    | CASE changing_table_location WHEN 'wheelchair_toilet' THEN 2199023255552 WHEN 'female_toilet' THEN 4398046511104
        WHEN 'male_toilet' THEN 8796093022208 WHEN 'male_and_female_toilet' THEN 17592186044416
        WHEN 'unisex_toilet' THEN 35184372088832 WHEN 'dedicated_room' THEN 70368744177664
        WHEN 'room' THEN 140737488355328 WHEN 'sales_area' THEN 281474976710656 ELSE 562949953421312 END
    | CASE key_scheme WHEN 'radar' THEN 1125899906842624 WHEN 'eurokey' THEN 2251799813685248
        WHEN 'mlak' THEN 4503599627370496 ELSE 9007199254740992 END
"""


def upgrade() -> None:
    for column, words in WORDS.items():
        op.add_column("facility", sa.Column(column, sa.Text()))
        op.create_check_constraint(column, "facility", f"{column} IN ({', '.join(map(repr, words))})")
    toilets = "CASE WHEN coalesce(toilets = 'yes', kind = 'toilets') THEN 1 ELSE 0 END"
    offered = f"{toilets} | {OFFERED_WITHOUT_TOILETS}"
    facility_table.rebuild(
        {
            "offers": _offers(
                "WHEN 'toilets' THEN toilets", "CASE WHEN toilets = 'yes' AND kind <> 'toilets' THEN 'toilets' END,"
            ),
            "traits": f"({offered} | {TEN_ATTRIBUTES} | {THREE_ATTRIBUTES})::bigint",
        }
    )


def downgrade() -> None:
    offered = f"CASE WHEN kind = 'toilets' THEN 1 ELSE 0 END | {OFFERED_WITHOUT_TOILETS}"
    facility_table.rebuild({"offers": _offers(), "traits": f"({offered} | {TEN_ATTRIBUTES})::bigint"})
    for column in WORDS:
        op.drop_column("facility", column)


def _offers(own_toilets: str = "", other_toilets: str = "") -> str:
    return f"""array_remove(ARRAY[
        CASE WHEN CASE kind {own_toilets} WHEN 'shower' THEN shower WHEN 'drinking_water' THEN drinking_water
                            WHEN 'baby_care' THEN changing_table END IS DISTINCT FROM 'no' THEN kind END,
        {other_toilets}
        CASE WHEN shower = 'yes' AND kind <> 'shower' THEN 'shower' END,
        CASE WHEN drinking_water = 'yes' AND kind <> 'drinking_water' THEN 'drinking_water' END,
        CASE WHEN changing_table = 'yes' AND kind <> 'baby_care' THEN 'baby_care' END
    ], NULL)"""
