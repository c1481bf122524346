"""Adds moderation: reports, proposals, staff, queue, decisions, appeals, the audit chain and trust weights."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

RATING_CHECKS = {
    "presence": "presence IN ('within_150_m', 'farther')",
    "comment_state": "comment_state IN ('visible', 'held', 'hidden')",
    "comment_approved": "NOT comment_approved OR comment_state = 'visible'",
}

APPEND_ONLY = ("audit_entry", "decision")
"""Tables whose rows cannot be changed or deleted. Only their owner can remove them, with DROP."""


def upgrade() -> None:
    _create_tables_of_the_crowd()
    _create_tables_of_staff()
    _extend_existing_tables()
    _make_append_only()
    # 256 random bits: gen_random_uuid is cryptographically strong.
    op.execute(
        "INSERT INTO secret (name, value) VALUES"
        " ('network', sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea))"
    )


def _create_tables_of_the_crowd() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "octet_length(hash) = 32 AND octet_length(previous_hash) = 32", name=op.f("ck_audit_entry_hash")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_entry_previous_hash")),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name=op.f("ck_proposal_decided")),
        sa.CheckConstraint("jsonb_typeof(changes) = 'object'", name=op.f("ck_proposal_changes")),
        sa.CheckConstraint("kind = 'change' OR location IS NOT NULL", name=op.f("ck_proposal_location")),
        sa.CheckConstraint("kind = 'new' OR facility_id IS NOT NULL", name=op.f("ck_proposal_facility")),
        sa.CheckConstraint("kind IN ('new', 'change')", name=op.f("ck_proposal_kind")),
        sa.CheckConstraint("state IN ('pending', 'accepted', 'rejected')", name=op.f("ck_proposal_state")),
        sa.CheckConstraint("char_length(note) BETWEEN 1 AND 1000", name=op.f("ck_proposal_note")),
        sa.CheckConstraint("num_nonnulls(device_id, partner_id) = 1", name=op.f("ck_proposal_proposer")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_proposal_device_id_device"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_proposal_facility_id_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index("ix_proposal_device_id", "proposal", ["device_id"], unique=False)
    op.create_index("ix_proposal_facility_id", "proposal", ["facility_id"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IN ('upheld', 'dismissed', 'moot', 'expired')", name=op.f("ck_report_outcome")),
        sa.CheckConstraint(
            "reason IN ('closed', 'moved', 'wrong', 'duplicate', 'offensive', 'unsafe', 'spam', 'personal_data')",
            name=op.f("ck_report_reason"),
        ),
        sa.CheckConstraint("thing IN ('facility', 'comment', 'proposal')", name=op.f("ck_report_thing")),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_report_closed")),
        sa.CheckConstraint("char_length(note) BETWEEN 1 AND 1000", name=op.f("ck_report_note")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_report_device_id_device"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_device_id", "report", ["device_id"], unique=False)
    op.create_index(
        "ix_report_open_thing",
        "report",
        ["thing", "thing_id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_report_open",
        "report",
        ["device_id", "thing", "thing_id", "reason"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _create_tables_of_staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('reader', 'moderator', 'senior', 'admin')", name=op.f("ck_staff_role")),
        sa.CheckConstraint("octet_length(token_digest) = 32", name=op.f("ck_staff_token_digest")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_staff_device_id_device"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_staff_token_digest")),
    )
    op.create_index("ix_staff_device_id", "staff", ["device_id"], unique=False)
    op.create_index("uq_staff_name", "staff", ["name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL"))
    op.create_table(
        "queue_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("score", sa.Double(), server_default="0", nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_queue_item_ended")),
        sa.CheckConstraint("kind IN ('facility', 'comment', 'proposal', 'rate_bomb')", name=op.f("ck_queue_item_kind")),
        sa.CheckConstraint("state IN ('open', 'decided', 'moot')", name=op.f("ck_queue_item_state")),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name=op.f("ck_queue_item_claim")),
        sa.ForeignKeyConstraint(["claimed_by"], ["staff.id"], name=op.f("fk_queue_item_claimed_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_item")),
    )
    op.create_index("ix_queue_item_claimed_by", "queue_item", ["claimed_by"], unique=False)
    op.create_index(
        "ix_queue_item_open_score",
        "queue_item",
        [sa.literal_column("score DESC"), sa.literal_column("id")],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_queue_item_open",
        "queue_item",
        ["kind", "thing_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("puid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("queue_item_id", sa.BigInteger(), nullable=True),
        sa.Column("reverts", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("decision_visibility", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("decision_account", sa.Text(), nullable=True),
        sa.Column("decision_ground", sa.Text(), nullable=True),
        sa.Column("incompatible_content_ground", sa.Text(), nullable=True),
        sa.Column("incompatible_content_explanation", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("content_type", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("content_type_other", sa.Text(), nullable=True),
        sa.Column("content_date", sa.Date(), nullable=True),
        sa.Column("application_date", sa.Date(), nullable=True),
        sa.Column("end_date_visibility_restriction", sa.Date(), nullable=True),
        sa.Column("decision_facts", sa.Text(), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=True),
        sa.Column("automated_detection", sa.Text(), nullable=True),
        sa.Column("automated_decision", sa.Text(), nullable=True),
        sa.Column("territorial_scope", sa.ARRAY(sa.Text()), nullable=True),
        sa.CheckConstraint("(action = 'revert') = (reverts IS NOT NULL)", name=op.f("ck_decision_reverts")),
        sa.CheckConstraint("(thing = 'device') = (thing_id IS NULL)", name=op.f("ck_decision_thing_id")),
        sa.CheckConstraint(
            "action IN ('hold_comment', 'hide_comment', 'approve_comment', 'report_closed', 'close_facility', "
            "'hide_facility', 'dismiss_reports', 'accept_proposal', 'reject_proposal', 'exclude_ratings', "
            "'dismiss_alarm', 'suspend_device', 'revert')",
            name=op.f("ck_decision_action"),
        ),
        sa.CheckConstraint("automated_detection IN ('Yes', 'No')", name=op.f("ck_decision_automated_detection")),
        sa.CheckConstraint("thing IN ('facility', 'comment', 'proposal', 'device')", name=op.f("ck_decision_thing")),
        sa.CheckConstraint(
            "(decision_visibility IS NULL AND decision_account IS NULL) = (decision_ground IS NULL)",
            name=op.f("ck_decision_statement"),
        ),
        sa.CheckConstraint("char_length(note) BETWEEN 1 AND 1000", name=op.f("ck_decision_note")),
        sa.CheckConstraint(
            "decision_ground IS NULL OR num_nonnulls(incompatible_content_ground, "
            "incompatible_content_explanation, category, content_type, content_date, application_date, "
            "decision_facts, source_type, automated_detection, automated_decision, territorial_scope) = 11",
            name=op.f("ck_decision_statement_complete"),
        ),
        sa.ForeignKeyConstraint(
            ["queue_item_id"], ["queue_item.id"], name=op.f("fk_decision_queue_item_id_queue_item")
        ),
        sa.ForeignKeyConstraint(["reverts"], ["decision.id"], name=op.f("fk_decision_reverts_decision")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_decision_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("puid", name=op.f("uq_decision_puid")),
        sa.UniqueConstraint("reverts", name=op.f("uq_decision_reverts")),
    )
    op.create_index("ix_decision_queue_item_id", "decision", ["queue_item_id"], unique=False)
    op.create_index("ix_decision_staff_id", "decision", ["staff_id"], unique=False)
    op.create_index("ix_decision_subject", "decision", ["subject"], unique=False)
    op.create_index("ix_decision_thing", "decision", ["thing", "thing_id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_appeal_ended")),
        sa.CheckConstraint("state IN ('open', 'rejected', 'granted', 'moot')", name=op.f("ck_appeal_state")),
        sa.CheckConstraint("char_length(answer) BETWEEN 1 AND 1000", name=op.f("ck_appeal_answer")),
        sa.CheckConstraint("char_length(text) BETWEEN 1 AND 1000", name=op.f("ck_appeal_text")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_appeal_decision_id_decision")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_appeal_device_id_device"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_appeal_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index("ix_appeal_device_id", "appeal", ["device_id"], unique=False)
    op.create_index("ix_appeal_staff_id", "appeal", ["staff_id"], unique=False)
    op.create_index("uq_appeal_decision_id", "appeal", ["decision_id", "device_id"], unique=True)
    op.create_table(
        "facility_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_facility_change_decision_id_decision")),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_facility_change_facility_id_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility_change")),
    )
    op.create_index("ix_facility_change_decision_id", "facility_change", ["decision_id"], unique=False)
    op.create_index("ix_facility_change_facility_id", "facility_change", ["facility_id"], unique=False)
    op.create_table(
        "rating_exclusion",
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("lifted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_rating_exclusion_during")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_rating_exclusion_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_rating_exclusion_facility_id_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_rating_exclusion")),
    )
    op.create_index("ix_rating_exclusion_facility_id", "rating_exclusion", ["facility_id"], unique=False)


def _extend_existing_tables() -> None:
    op.add_column("device", sa.Column("handle", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False))
    op.add_column("device", sa.Column("suspended_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_unique_constraint(op.f("uq_device_handle"), "device", ["handle"])
    op.add_column("facility", sa.Column("reported_closed_until", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("facility", sa.Column("excluded_rating_count", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("past_rating", sa.Column("weight_age", sa.Double(), server_default="1", nullable=False))
    op.add_column("past_rating", sa.Column("weight_presence", sa.Double(), server_default="1", nullable=False))
    op.add_column("past_rating", sa.Column("weight_cluster", sa.Double(), server_default="1", nullable=False))
    op.add_column("past_rating", sa.Column("presence", sa.Text(), nullable=True))
    op.add_column("past_rating", sa.Column("comment_state", sa.Text(), server_default="visible", nullable=False))
    op.add_column(
        "past_rating", sa.Column("comment_approved", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("rating", sa.Column("network", sa.LargeBinary(), nullable=True))
    op.add_column("rating", sa.Column("weight_age", sa.Double(), server_default="1", nullable=False))
    op.add_column("rating", sa.Column("weight_presence", sa.Double(), server_default="1", nullable=False))
    op.add_column("rating", sa.Column("weight_cluster", sa.Double(), server_default="1", nullable=False))
    op.add_column("rating", sa.Column("presence", sa.Text(), nullable=True))
    op.add_column("rating", sa.Column("comment_state", sa.Text(), server_default="visible", nullable=False))
    op.add_column(
        "rating", sa.Column("comment_approved", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_check_constraint(op.f("ck_facility_excluded_rating_count"), "facility", "excluded_rating_count >= 0")
    for table in ("rating", "past_rating"):
        for name, check in RATING_CHECKS.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)


def _make_append_only() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite()"
        )


def downgrade() -> None:
    for table in ("rating", "past_rating"):
        op.drop_column(table, "comment_approved")
        op.drop_column(table, "comment_state")
        op.drop_column(table, "presence")
        op.drop_column(table, "weight_cluster")
        op.drop_column(table, "weight_presence")
        op.drop_column(table, "weight_age")
    op.drop_column("rating", "network")
    op.drop_column("facility", "excluded_rating_count")
    op.drop_column("facility", "reported_closed_until")
    for table in (
        "rating_exclusion",
        "facility_change",
        "appeal",
        "decision",
        "queue_item",
        "staff",
        "report",
        "proposal",
        "secret",
        "audit_entry",
    ):
        op.drop_table(table)
    op.drop_column("device", "suspended_at")
    op.drop_column("device", "handle")
    op.execute("DROP FUNCTION refuse_to_rewrite")
