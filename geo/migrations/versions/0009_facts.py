"""Codes and parameters of the facts of a decision, from which the API composes the sentences in any language.

Decisions made before keep their English texts, which are part of their digests. After a downgrade, decisions made since
have no texts, and the former code reports their digests as changed.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"

CODES = "'reviewed', 'reported_and_reviewed', 'reported', 'reported_closed', 'contact_details_found'"

TEXTS = "incompatible_content_ground, incompatible_content_explanation, decision_facts"
OTHER_FIELDS = (
    "category, content_type, content_date, application_date, source_type, automated_detection, automated_decision,"
    " territorial_scope"
)


def upgrade() -> None:
    op.add_column("decision", sa.Column("decision_facts_code", sa.Text()))
    op.add_column("decision", sa.Column("decision_facts_parameters", JSONB()))
    op.create_check_constraint("decision_facts_code", "decision", f"decision_facts_code IN ({CODES})")
    op.create_check_constraint(
        "decision_facts_parameters",
        "decision",
        "(decision_facts_code IS NULL) = (decision_facts_parameters IS NULL)",
    )
    op.drop_constraint(op.f("ck_decision_statement_complete"), "decision")
    op.create_check_constraint(
        "statement_complete", "decision", f"decision_ground IS NULL OR num_nonnulls({OTHER_FIELDS}) = 8"
    )
    op.create_check_constraint(
        "statement_texts",
        "decision",
        f"decision_ground IS NULL OR decision_facts_code IS NOT NULL OR num_nonnulls({TEXTS}) = 3",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_decision_statement_texts"), "decision")
    op.drop_constraint(op.f("ck_decision_statement_complete"), "decision")
    # Decisions of this schema have no texts; they are never changed, so the former constraint only applies to new ones.
    op.execute(
        f"""ALTER TABLE decision ADD CONSTRAINT ck_decision_statement_complete
            CHECK (decision_ground IS NULL OR num_nonnulls({TEXTS}, {OTHER_FIELDS}) = 11) NOT VALID"""
    )
    op.execute(
        """DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM decision WHERE decision_facts_code IS NOT NULL) THEN
                ALTER TABLE decision VALIDATE CONSTRAINT ck_decision_statement_complete;
            END IF;
        END $$"""
    )
    op.drop_column("decision", "decision_facts_parameters")
    op.drop_column("decision", "decision_facts_code")
