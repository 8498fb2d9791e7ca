"""Systems of companies: API keys, messages of many orders, pushed results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "systems_0001"
down_revision = "registration_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _keys()
    _messages()
    _pushes()


def _keys() -> None:
    op.create_table(
        "company_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=True),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_company_key_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_key")),
    )
    op.create_index("ix_company_key_company_id", "company_key", ["company_id"])
    op.create_table(
        "key_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.Column("operation", sa.String(length=40), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["company_key.id"], name=op.f("fk_key_use_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_use")),
    )
    op.create_index("ix_key_use_newest", "key_use", ["key_id", "id"])
    op.create_index("ix_key_use_used_at", "key_use", ["used_at"])
    op.create_table(
        "signature_nonce",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["company_key.id"], name=op.f("fk_signature_nonce_key_id")
        ),
        sa.PrimaryKeyConstraint("key_id", "nonce", name=op.f("pk_signature_nonce")),
    )
    op.create_index("ix_signature_nonce_until", "signature_nonce", ["until"])


def _messages() -> None:
    op.create_table(
        "bulk_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=4), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done')", name=op.f("ck_bulk_message_known_state")
        ),
        sa.CheckConstraint(
            "done BETWEEN 0 AND count", name=op.f("ck_bulk_message_no_more_than_there_are")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_bulk_message_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["company_key.id"], name=op.f("fk_bulk_message_key_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_message")),
        sa.UniqueConstraint("company_id", "message", name=op.f("uq_bulk_message_company_id")),
    )
    op.create_index(
        "ix_bulk_message_waiting",
        "bulk_message",
        ["company_id", "id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_bulk_message_taken_at", "bulk_message", ["taken_at"])
    op.create_table(
        "bulk_orders",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("orders", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["bulk_message.id"], name=op.f("fk_bulk_orders_message_id")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_bulk_orders")),
    )
    op.create_table(
        "bulk_results",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["bulk_message.id"], name=op.f("fk_bulk_results_message_id")
        ),
        sa.PrimaryKeyConstraint("message_id", "first", name=op.f("pk_bulk_results")),
    )
    op.create_table(
        "bulk_consignment",
        sa.Column("consignment_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"], ["consignment.id"], name=op.f("fk_bulk_consignment_consignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["bulk_message.id"], name=op.f("fk_bulk_consignment_message_id")
        ),
        sa.PrimaryKeyConstraint("consignment_id", name=op.f("pk_bulk_consignment")),
    )
    op.create_index("ix_bulk_consignment_message_id", "bulk_consignment", ["message_id"])


def _pushes() -> None:
    op.create_table(
        "push_address",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_push_address_company_id")
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_push_address")),
    )
    op.create_table(
        "push",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "state IN ('due', 'delivered', 'given_up')", name=op.f("ck_push_known_state")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_push_company_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["bulk_message.id"], name=op.f("fk_push_message_id")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_push")),
    )
    op.create_index("ix_push_company_id", "push", ["company_id"])
    op.create_index(
        "ix_push_due",
        "push",
        ["due_at"],
        sqlite_where=sa.text("state = 'due'"),
        postgresql_where=sa.text("state = 'due'"),
    )


def downgrade() -> None:
    for table in (
        "push",
        "push_address",
        "bulk_consignment",
        "bulk_results",
        "bulk_orders",
        "bulk_message",
        "signature_nonce",
        "key_use",
        "company_key",
    ):
        op.drop_table(table)
