"""Tickets, cases, their uses, decisions, imports, and what search needs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("symptoms", sa.Text(), nullable=False),
        sa.Column("product", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("cause_code", sa.String(length=40), nullable=False),
        sa.Column("cause_kind", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("team", sa.String(length=60), nullable=False),
        sa.Column("hours", sa.Float(), nullable=True),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_cases")),
        sa.UniqueConstraint("id", name=op.f("uq_cases_id")),
    )
    op.create_index(op.f("ix_cases_category"), "cases", ["category"], unique=False)
    op.create_table(
        "corpus_size",
        sa.Column("pk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("documents", KEY, nullable=False),
        sa.Column("words", KEY, nullable=False),
        sa.Column("pairs", KEY, nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_corpus_size")),
    )
    op.create_table(
        "imports",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("runner", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_imports")),
        sa.UniqueConstraint("id", name=op.f("uq_imports_id")),
    )
    op.create_index("ix_imports_state", "imports", ["state"], unique=False)
    op.create_table(
        "index_tasks",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("case_pk", KEY, nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_index_tasks")),
    )
    op.create_table(
        "tickets",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("product", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("contact_person", sa.String(length=120), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("customer_tier", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("priority", sa.String(length=60), nullable=False),
        sa.Column("team", sa.String(length=60), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_tickets")),
        sa.UniqueConstraint("id", name=op.f("uq_tickets_id")),
    )
    op.create_index(op.f("ix_tickets_received_at"), "tickets", ["received_at"], unique=False)
    op.create_index(op.f("ix_tickets_status"), "tickets", ["status"], unique=False)
    op.create_table(
        "case_documents",
        sa.Column("case_pk", KEY, autoincrement=False, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("pairs", sa.LargeBinary(), nullable=False),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_pk"], ["cases.pk"], name=op.f("fk_case_documents_case_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_pk", name=op.f("pk_case_documents")),
    )
    op.create_table(
        "case_uses",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("case_pk", KEY, nullable=False),
        sa.Column("ticket_id", sa.String(length=80), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("used_by", sa.String(length=120), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_pk"], ["cases.pk"], name=op.f("fk_case_uses_case_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_case_uses")),
        sa.UniqueConstraint("case_pk", "ticket_id", "used_at", name=op.f("uq_case_uses_case_pk")),
    )
    op.create_index(op.f("ix_case_uses_case_pk"), "case_uses", ["case_pk"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("ticket_pk", KEY, nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("suggested", sa.String(length=60), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("band", sa.String(length=10), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("final", sa.String(length=60), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("model_version", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_pk"], ["tickets.pk"], name=op.f("fk_decisions_ticket_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_ticket_pk"), "decisions", ["ticket_pk"], unique=False)
    op.create_table(
        "import_problems",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("import_pk", KEY, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_pk"], ["imports.pk"], name=op.f("fk_import_problems_import_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_import_problems")),
    )
    op.create_index(op.f("ix_import_problems_import_pk"), "import_problems", ["import_pk"], unique=False)
    op.create_table(
        "transitions",
        sa.Column("pk", KEY, autoincrement=True, nullable=False),
        sa.Column("ticket_pk", KEY, nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_pk"], ["tickets.pk"], name=op.f("fk_transitions_ticket_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_transitions")),
    )
    op.create_index(op.f("ix_transitions_ticket_pk"), "transitions", ["ticket_pk"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE case_terms USING fts5(terms, detail=none, tokenize='ascii')")
        op.execute("CREATE VIRTUAL TABLE case_vocabulary USING fts5vocab(case_terms, 'row')")
    else:
        op.execute("CREATE TABLE case_terms (rowid BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_case_terms_terms ON case_terms USING gin (terms)")
    op.execute("INSERT INTO corpus_size (pk, documents, words, pairs) VALUES (1, 0, 0, 0)")


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS case_vocabulary")
    op.execute("DROP TABLE case_terms")
    op.drop_index(op.f("ix_transitions_ticket_pk"), table_name="transitions")
    op.drop_table("transitions")
    op.drop_index(op.f("ix_import_problems_import_pk"), table_name="import_problems")
    op.drop_table("import_problems")
    op.drop_index(op.f("ix_decisions_ticket_pk"), table_name="decisions")
    op.drop_table("decisions")
    op.drop_index(op.f("ix_case_uses_case_pk"), table_name="case_uses")
    op.drop_table("case_uses")
    op.drop_table("case_documents")
    op.drop_index(op.f("ix_tickets_status"), table_name="tickets")
    op.drop_index(op.f("ix_tickets_received_at"), table_name="tickets")
    op.drop_table("tickets")
    op.drop_table("index_tasks")
    op.drop_index("ix_imports_state", table_name="imports")
    op.drop_table("imports")
    op.drop_table("corpus_size")
    op.drop_index(op.f("ix_cases_category"), table_name="cases")
    op.drop_table("cases")
