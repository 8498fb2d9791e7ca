"""Applications, secure packs, serial numbers and validity of tokens, the registrar's role."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "registration_0001"
down_revision = "hotline_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("security_token", sa.Column("serial", sa.String(length=20), nullable=True))
    for column in ("issued_at", "expires_at", "revoked_at"):
        op.add_column("security_token", sa.Column(column, INSTANT, nullable=True))
    op.create_index("ix_security_token_serial", "security_token", ["serial"], unique=True)
    op.create_index("ix_security_token_expires_at", "security_token", ["expires_at"])
    op.add_column("web_account", sa.Column("first_password_at", INSTANT, nullable=True))
    _know_roles("'officer', 'analyst', 'hotline', 'registrar'", 9)
    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("code_hash", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("counter", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=7), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'asked', 'approved', 'refused', 'withdrawn')",
            name=op.f("ck_application_known_state"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_application_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("reference", name=op.f("uq_application_reference")),
    )
    op.create_index("ix_application_queue", "application", ["state", "id"])
    op.create_index("ix_application_changed_at", "application", ["changed_at"])
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("client_number", sa.String(length=32), nullable=False),
        sa.Column("client_name", sa.String(length=120), nullable=False),
        sa.Column("consented_by", sa.String(length=120), nullable=False),
        sa.Column("consented_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["company.id"], name=op.f("fk_agency_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
    )
    op.create_index("ix_agency_agent_id", "agency", ["agent_id"])
    op.create_index("ix_agency_client_number", "agency", ["client_number"])
    op.create_table(
        "secure_pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("counter", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("secrets", sa.Boolean(), nullable=False),
        sa.Column("token", sa.String(length=6), nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("printed_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("pin_hash", sa.String(length=200), nullable=True),
        sa.Column("serial", sa.String(length=20), nullable=True),
        sa.Column("seed", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state IN ('ordered', 'printed', 'active', 'void')",
            name=op.f("ck_secure_pack_known_state"),
        ),
        sa.CheckConstraint(
            "token IN ('none', 'soft', 'device')", name=op.f("ck_secure_pack_known_token")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["web_account.id"], name=op.f("fk_secure_pack_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secure_pack")),
    )
    op.create_index("ix_secure_pack_account_id", "secure_pack", ["account_id"])
    op.create_index("ix_secure_pack_waiting", "secure_pack", ["state", "counter"])
    op.create_table(
        "stocked_token",
        sa.Column("serial", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("step_s", sa.Integer(), nullable=True),
        sa.Column("seed", sa.String(length=500), nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_stocked_token")),
    )
    op.create_table(
        "registration_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("who", sa.String(length=32), nullable=False),
        sa.Column("deed", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_deed")),
    )
    op.create_index("ix_registration_deed_done_at", "registration_deed", ["done_at"])
    op.create_index("ix_registration_deed_subject", "registration_deed", ["subject"])


def _know_roles(roles: str, length: int) -> None:
    """SQLite makes the table anew for this, so nobody may be logged in: officers log in again."""
    op.execute("DELETE FROM officer_session")
    with op.batch_alter_table("officer") as officer:
        officer.drop_constraint(op.f("ck_officer_known_role"), type_="check")
        officer.alter_column("role", existing_type=sa.String(), type_=sa.String(length=length))
        officer.create_check_constraint(op.f("ck_officer_known_role"), f"role IN ({roles})")


def downgrade() -> None:
    for table in ("registration_deed", "stocked_token", "secure_pack", "agency", "application"):
        op.drop_table(table)
    op.execute("DELETE FROM officer_session")
    op.execute("DELETE FROM officer WHERE role = 'registrar'")
    _know_roles("'officer', 'analyst', 'hotline'", 8)
    op.drop_column("web_account", "first_password_at")
    op.drop_index("ix_security_token_expires_at", "security_token")
    op.drop_index("ix_security_token_serial", "security_token")
    for column in ("revoked_at", "expires_at", "issued_at", "serial"):
        op.drop_column("security_token", column)
