"""What an import was told, how far it will go, the cells of the rows it could not take, and its ids."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("imports", sa.Column("choice", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("imports", sa.Column("columns", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("imports", sa.Column("orders", sa.JSON(), nullable=True))
    op.add_column("imports", sa.Column("total", sa.Integer(), nullable=True))
    op.add_column("import_problems", sa.Column("cells", sa.JSON(), nullable=True))
    op.create_table(
        "imported_ids",
        sa.Column("import_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("name", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_pk"], ["imports.pk"], name=op.f("fk_imported_ids_import_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_pk", "name", name=op.f("pk_imported_ids")),
    )


def downgrade() -> None:
    op.drop_table("imported_ids")
    op.drop_column("import_problems", "cells")
    for column in ("total", "orders", "columns", "choice"):
        op.drop_column("imports", column)
