"""The prior of each place and the credibilities, which were constants; nightly maintenance estimates them."""

import sqlalchemy as sa
from alembic import op

from geo.migrations import facility_table

revision = "0014"
down_revision = "0012"

BOUNDS = {"prior_stars": "1 AND 5", "record_credibility": "1 AND 20", "present_credibility": "2 AND 30"}
DEFAULTS = {"prior_stars": "3.6", "record_credibility": "5", "present_credibility": "5"}


def upgrade() -> None:
    for column, default in DEFAULTS.items():
        op.add_column("facility", sa.Column(column, sa.Double(), server_default=default, nullable=False))
        op.create_check_constraint(column, "facility", f"{column} BETWEEN {BOUNDS[column]}")
    op.add_column("facility", sa.Column("prior_group", sa.Text()))
    # Searches read the new columns of each facility.
    facility_table.rebuild()


def downgrade() -> None:
    for column in (*DEFAULTS, "prior_group"):
        op.drop_column("facility", column)
