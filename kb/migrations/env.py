"""Alembic's entry: runs the migrations on the connection it is handed."""

from alembic import context
from sqlalchemy import MetaData

from kb.table_names import CONVENTION

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    # Of the tables, which take time to declare, migrations need the names alone.
    target_metadata=MetaData(naming_convention=CONVENTION),
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
if connection.in_transaction():
    connection.commit()
