"""What indexes, keys and constraints are called: tables and migrations must agree on it.

It is apart from the tables so that a database can be brought up to date without declaring them all.
"""

from __future__ import annotations

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
