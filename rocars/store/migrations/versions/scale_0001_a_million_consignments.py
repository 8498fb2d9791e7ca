"""Indexes that pages need once there are a million consignments."""

from __future__ import annotations

from alembic import op

revision = "scale_0001"
down_revision = "agents_0001"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_bundled_cargo_consignment_id", "bundled_cargo", ["consignment_id"]),
    ("ix_bundle_mark_newest", "bundle", ["mark", "id"]),
    ("ix_batched_consignment_reference", "batched_consignment", ["reference"]),
    ("ix_bulk_consignment_reference", "bulk_consignment", ["reference"]),
    ("ix_driver_vehicle_vehicle_id", "driver_vehicle", ["vehicle_id"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)
