"""Speaks: HTTP and pages; translation only."""
