"""Companies, drivers, vehicles, cargo, bundles, log-ins: the tables of release 0.1.0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("responsible_person", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("registration_number", name=op.f("uq_company_registration_number")),
    )
    op.create_table(
        "login_failures",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_login_failures")),
    )
    op.create_index("ix_login_failures_last_at", "login_failures", ["last_at"])

    version = op.create_table(
        "schema_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_schema_version")),
    )
    op.bulk_insert(version, [{"version": 1}])
    op.create_table(
        "vehicle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("keyed", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("mark", name=op.f("uq_vehicle_mark")),
    )
    op.create_index("ix_vehicle_keyed", "vehicle", ["keyed"])

    op.create_table(
        "consignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ccrn", sa.String(length=20), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("packages", sa.Integer(), nullable=False),
        sa.Column("package_description", sa.Text(), nullable=False),
        sa.Column("articles", sa.Text(), nullable=False),
        sa.Column("consignor_name", sa.Text(), nullable=False),
        sa.Column("consignor_address", sa.Text(), nullable=False),
        sa.Column("consignee_name", sa.Text(), nullable=False),
        sa.Column("consignee_address", sa.Text(), nullable=False),
        sa.Column("expected_date", sa.Date(), nullable=False),
        sa.Column("container_numbers", sa.JSON(), nullable=False),
        sa.Column("licence_numbers", sa.JSON(), nullable=False),
        sa.Column("transhipment", sa.Boolean(), nullable=False),
        sa.Column("lodged_at", INSTANT, nullable=False),
        sa.Column("amended_at", INSTANT, nullable=True),
        sa.Column("crossed_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "direction IN ('inbound', 'outbound')", name=op.f("ck_consignment_known_direction")
        ),
        sa.CheckConstraint("packages > 0", name=op.f("ck_consignment_some_packages")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_consignment_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consignment")),
        sa.UniqueConstraint("ccrn", name=op.f("uq_consignment_ccrn")),
    )
    op.create_table(
        "driver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_driver_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver")),
        sa.UniqueConstraint("user_id", name=op.f("uq_driver_user_id")),
    )
    op.create_table(
        "signatory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.CheckConstraint("place BETWEEN 1 AND 4", name=op.f("ck_signatory_at_most_four")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_signatory_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatory")),
        sa.UniqueConstraint("company_id", "place", name=op.f("uq_signatory_company_id")),
    )
    op.create_table(
        "bundle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ubr", sa.String(length=20), nullable=False),
        sa.Column("driver_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("bundled_at", INSTANT, nullable=False),
        sa.Column("immediately", sa.Boolean(), nullable=False),
        sa.Column("cross_from", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("crossed_at", INSTANT, nullable=True),
        sa.Column("control_point", sa.String(length=8), nullable=True),
        sa.CheckConstraint(
            "state IN ('live', 'unbundled', 'crossed', 'expired')",
            name=op.f("ck_bundle_known_state"),
        ),
        sa.ForeignKeyConstraint(["driver_id"], ["driver.id"], name=op.f("fk_bundle_driver_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("ubr", name=op.f("uq_bundle_ubr")),
    )
    op.create_index("ix_bundle_driver_newest", "bundle", ["driver_id", "bundled_at"])

    op.create_table(
        "driver_vehicle",
        sa.Column("driver_id", sa.Integer(), nullable=False),
        sa.Column("vehicle_id", sa.Integer(), nullable=False),
        sa.Column("used_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["driver.id"], name=op.f("fk_driver_vehicle_driver_id")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicle.id"], name=op.f("fk_driver_vehicle_vehicle_id")
        ),
        sa.PrimaryKeyConstraint("driver_id", "vehicle_id", name=op.f("pk_driver_vehicle")),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("driver_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["driver.id"], name=op.f("fk_idempotent_answer_driver_id")
        ),
        sa.PrimaryKeyConstraint("driver_id", "key", name=op.f("pk_idempotent_answer")),
    )
    op.create_index("ix_idempotent_answer_answered_at", "idempotent_answer", ["answered_at"])

    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("driver_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["driver.id"], name=op.f("fk_login_session_driver_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_index("ix_login_session_expires_at", "login_session", ["expires_at"])

    op.create_table(
        "security_token",
        sa.Column("driver_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("seed", sa.String(length=500), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("step_s", sa.Integer(), nullable=True),
        sa.Column("next_counter", sa.BigInteger(), nullable=False),
        sa.Column("drift", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('hotp', 'totp')", name=op.f("ck_security_token_known_kind")),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["driver.id"], name=op.f("fk_security_token_driver_id")
        ),
        sa.PrimaryKeyConstraint("driver_id", name=op.f("pk_security_token")),
    )
    op.create_table(
        "bundled_cargo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.Integer(), nullable=False),
        sa.Column("consignment_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundle.id"], name=op.f("fk_bundled_cargo_bundle_id")
        ),
        sa.ForeignKeyConstraint(
            ["consignment_id"], ["consignment.id"], name=op.f("fk_bundled_cargo_consignment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundled_cargo")),
        sa.UniqueConstraint("bundle_id", "consignment_id", name=op.f("uq_bundled_cargo_bundle_id")),
    )
    op.create_index(
        "one_live_bundle_per_consignment",
        "bundled_cargo",
        ["consignment_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )


def downgrade() -> None:
    for table in (
        "bundled_cargo",
        "security_token",
        "login_session",
        "idempotent_answer",
        "driver_vehicle",
        "bundle",
        "signatory",
        "driver",
        "consignment",
        "vehicle",
        "schema_version",
        "login_failures",
        "company",
    ):
        op.drop_table(table)
