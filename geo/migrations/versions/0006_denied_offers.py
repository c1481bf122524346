"""Removes from ``offers`` what a facility's attributes deny: a drinking water point with drinking_water=no."""

from geo.migrations import facility_table

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    facility_table.rebuild(
        {
            "offers": _offers(
                """CASE WHEN CASE kind WHEN 'shower' THEN shower WHEN 'drinking_water' THEN drinking_water
                                       WHEN 'baby_care' THEN changing_table END IS DISTINCT FROM 'no' THEN kind END"""
            ),
            "traits": _traits("coalesce({column} = 'yes', kind = '{kind}')"),
        }
    )


def downgrade() -> None:
    facility_table.rebuild({"offers": _offers("kind"), "traits": _traits("kind = '{kind}' OR {column} = 'yes'")})


def _offers(own_kind: str) -> str:
    return f"""array_remove(ARRAY[
        {own_kind},
        CASE WHEN shower = 'yes' AND kind <> 'shower' THEN 'shower' END,
        CASE WHEN drinking_water = 'yes' AND kind <> 'drinking_water' THEN 'drinking_water' END,
        CASE WHEN changing_table = 'yes' AND kind <> 'baby_care' THEN 'baby_care' END
    ], NULL)"""


def _traits(offered_when: str) -> str:
    def offers(kind: str, column: str) -> str:
        return offered_when.format(kind=kind, column=column)

    return f"""
        CASE WHEN kind = 'toilets' THEN 1 ELSE 0 END
        | CASE WHEN {offers("drinking_water", "drinking_water")} THEN 2 ELSE 0 END
        | CASE WHEN {offers("shower", "shower")} THEN 4 ELSE 0 END
        | CASE WHEN {offers("baby_care", "changing_table")} THEN 8 ELSE 0 END
        | CASE access
            WHEN 'public' THEN 16 WHEN 'customers' THEN 32 WHEN 'key' THEN 64 WHEN 'private' THEN 128 ELSE 256 END
        | CASE wheelchair WHEN 'yes' THEN 512 WHEN 'limited' THEN 1024 WHEN 'no' THEN 2048 ELSE 4096 END
        | CASE fee WHEN 'yes' THEN 8192 WHEN 'no' THEN 16384 ELSE 32768 END
        | CASE changing_table WHEN 'yes' THEN 65536 WHEN 'no' THEN 131072 ELSE 262144 END
        | CASE all_gender WHEN 'yes' THEN 524288 WHEN 'no' THEN 1048576 ELSE 2097152 END
    """
