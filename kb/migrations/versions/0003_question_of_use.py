"""What was asked when a solution was used: votes belong to a question and a solution, not to a case alone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("case_uses", sa.Column("question", sa.LargeBinary(), nullable=True))
    op.add_column("case_uses", sa.Column("fingerprint", sa.String(80), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("case_uses", "fingerprint")
    op.drop_column("case_uses", "question")
