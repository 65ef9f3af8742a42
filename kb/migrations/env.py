"""Alembic's entry: runs the migrations on the connection it is handed."""

from alembic import context

from kb import account_tables, case_tables
from kb.tables import Base

assert account_tables and case_tables  # their tables are part of the metadata
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
