"""Alembic's entry: runs the migrations on the connection it is handed."""

from alembic import context

from kb.case_tables import CaseEvent
from kb.tables import Base

assert CaseEvent.metadata is Base.metadata, "all tables are known here"

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
if connection.in_transaction():
    connection.commit()
