"""An index that holds all that a view of the queue asks for."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index(
        "ix_tickets_view",
        "tickets",
        ["status", "category", "priority", "due_at", "team", "owner", "customer"],
    )


def downgrade() -> None:
    op.drop_index("ix_tickets_view", "tickets")
