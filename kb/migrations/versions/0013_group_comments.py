"""Problem groups have several comments, each with who wrote it and when."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "group_comments",
        sa.Column("pk", _KEY, autoincrement=True, nullable=False),
        sa.Column("group_pk", _KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_pk"], ["problem_groups.pk"], name=op.f("fk_group_comments_group_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_group_comments")),
    )
    op.create_index(op.f("ix_group_comments_group_pk"), "group_comments", ["group_pk"], unique=False)
    op.execute(
        'INSERT INTO group_comments (group_pk, text, "by", at) '
        "SELECT pk, comment, '', created_at FROM problem_groups WHERE comment <> '' ORDER BY pk"
    )
    op.drop_column("problem_groups", "comment")


def downgrade() -> None:
    op.add_column("problem_groups", sa.Column("comment", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE problem_groups SET comment = COALESCE((SELECT text FROM group_comments "
        "WHERE group_comments.group_pk = problem_groups.pk ORDER BY group_comments.pk DESC LIMIT 1), '')"
    )
    op.drop_index(op.f("ix_group_comments_group_pk"), table_name="group_comments")
    op.drop_table("group_comments")
