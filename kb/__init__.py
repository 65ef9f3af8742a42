"""Remembers: database, tickets, cases, decisions, the case index and search."""
