"""Which collection of the vector index is in use, so that another can be built beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "index_states",
        sa.Column("fingerprint", sa.String(80), nullable=False),
        sa.Column("collection", sa.String(120), nullable=False),
        sa.Column("building", sa.String(120), nullable=False),
        sa.Column("retired", sa.String(120), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_index_states")),
    )
    op.add_column(
        "index_tasks", sa.Column("applied", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(op.f("ix_case_documents_fingerprint"), "case_documents", ["fingerprint"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_case_documents_fingerprint"), table_name="case_documents")
    op.drop_column("index_tasks", "applied")
    op.drop_table("index_states")
