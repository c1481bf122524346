"""The prior of each place and the credibilities, which were constants; nightly maintenance estimates them."""

import sqlalchemy as sa
from alembic import op

from geo.migrations import facility_table

revision = "0014"
down_revision = "0013"

BOUNDS = {"prior_stars": "1 AND 5", "record_credibility": "1 AND 20", "present_credibility": "2 AND 30"}
DEFAULTS = {"prior_stars": "3.6", "record_credibility": "5", "present_credibility": "5"}

STARS_TOTAL = """weight_total BETWEEN 0 AND rating_count + 0.001
    AND stars_total BETWEEN 0.999 * weight_total AND 5.001 * weight_total"""


def upgrade() -> None:
    for column, default in DEFAULTS.items():
        op.add_column("facility", sa.Column(column, sa.Double(), server_default=default, nullable=False))
        op.create_check_constraint(column, "facility", f"{column} BETWEEN {BOUNDS[column]}")
    op.add_column("facility", sa.Column("prior_group", sa.Text()))
    # Searches read the new columns of each facility.
    facility_table.rebuild()
    # The copied constraint has the same meaning, but its text is nested in another way.
    op.drop_constraint(op.f("ck_facility_stars_total"), "facility")
    op.create_check_constraint("stars_total", "facility", STARS_TOTAL)


def downgrade() -> None:
    for column in (*DEFAULTS, "prior_group"):
        op.drop_column("facility", column)
