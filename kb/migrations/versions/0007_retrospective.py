"""What the retrospective keeps: tickets as grouping sees them, problem groups, causes, measures."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ticket_documents",
        sa.Column("ticket_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("pairs", sa.LargeBinary(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("subject_words", sa.LargeBinary(), nullable=False),
        sa.Column("subject_pairs", sa.LargeBinary(), nullable=False),
        sa.Column("subject_vector", sa.LargeBinary(), nullable=False),
        sa.Column("made_with", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_pk"], ["tickets.pk"], name="fk_ticket_documents_ticket_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_pk", name="pk_ticket_documents"),
    )
    op.create_table(
        "problem_groups",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("into_pk", KEY, nullable=True),
        sa.Column("from_pk", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_problem_groups"),
        sa.UniqueConstraint("id", name="uq_problem_groups_id"),
    )
    op.create_table(
        "problem_members",
        sa.Column("ticket_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("group_pk", KEY, nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_pk"], ["tickets.pk"], name="fk_problem_members_ticket_pk", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_pk"], ["problem_groups.pk"], name="fk_problem_members_group_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_pk", name="pk_problem_members"),
    )
    op.create_index("ix_problem_members_group_pk", "problem_members", ["group_pk"])
    op.create_table(
        "ticket_causes",
        sa.Column("ticket_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("whys", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_pk"], ["tickets.pk"], name="fk_ticket_causes_ticket_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_pk", name="pk_ticket_causes"),
    )
    op.create_table(
        "measures",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("target_kind", sa.String(10), nullable=False),
        sa.Column("target", sa.String(60), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_measures"),
        sa.UniqueConstraint("id", name="uq_measures_id"),
    )


def downgrade() -> None:
    op.drop_table("measures")
    op.drop_table("ticket_causes")
    op.drop_index("ix_problem_members_group_pk", "problem_members")
    op.drop_table("problem_members")
    op.drop_table("problem_groups")
    op.drop_table("ticket_documents")
