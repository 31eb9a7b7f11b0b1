"""Seeing the results: the cockpit and the runs."""
