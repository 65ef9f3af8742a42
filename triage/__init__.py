"""Decides: priority signals, routing, clocks, the assessment pipeline, settings and the command line."""
