"""Filters of a search find the few cases that pass by an index; the category has one already."""

from alembic import op

revision = "0009"
down_revision = "0008"

_COLUMNS = ("product", "version", "team", "language", "closed_on")


def upgrade() -> None:
    for name in _COLUMNS:
        op.create_index(op.f(f"ix_cases_{name}"), "cases", [name], unique=False)


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_index(op.f(f"ix_cases_{name}"), table_name="cases")
