"""A stamp that changes with the documents, so that what was counted can be kept while it stays."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("corpus_size", sa.Column("stamp", KEY, nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE corpus_size SET stamp = :stamp").bindparams(stamp=secrets.randbits(62)))


def downgrade() -> None:
    op.drop_column("corpus_size", "stamp")
