"""Seeing what came of it: figures and runs."""
