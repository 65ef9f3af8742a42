"""The life of a case: its state, its versions, what happened to it, and when it is no longer valid."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("cases", sa.Column("expires_on", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("state", sa.String(12), nullable=False, server_default="published"))
    op.add_column("cases", sa.Column("version_number", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("cases", sa.Column("replaced_by", sa.String(80), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("from_ticket", sa.String(80), nullable=False, server_default=""))
    op.create_index("ix_cases_expires_on", "cases", ["expires_on"])
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_index("ix_cases_from_ticket", "cases", ["from_ticket"])
    op.create_table(
        "case_versions",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("case_pk", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_pk"], ["cases.pk"], name="fk_case_versions_case_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name="pk_case_versions"),
        sa.UniqueConstraint("case_pk", "number", name="uq_case_versions_case_pk"),
    )
    events = op.create_table(
        "case_events",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("case_pk", KEY, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("before", sa.String(80), nullable=False),
        sa.Column("after", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_pk"], ["cases.pk"], name="fk_case_events_case_pk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pk", name="pk_case_events"),
    )
    op.create_index("ix_case_events_case_pk", "case_events", ["case_pk"])
    cases = sa.table("cases", sa.column("pk"), sa.column("created_at"))
    text = sa.literal_column
    archived = sa.select(
        cases.c.pk,
        text("'state'"),
        text("''"),
        text("'published'"),
        text("1"),
        cases.c.created_at,
        text("''"),
        text("''"),
    )
    names = ["case_pk", "kind", "before", "after", "number", "at", "by", "note"]
    op.execute(events.insert().from_select(names, archived))


def downgrade() -> None:
    op.drop_table("case_events")
    op.drop_table("case_versions")
    op.drop_index("ix_cases_from_ticket", "cases")
    op.drop_index("ix_cases_state", "cases")
    op.drop_index("ix_cases_expires_on", "cases")
    for name in ("from_ticket", "replaced_by", "version_number", "state", "expires_on"):
        op.drop_column("cases", name)
