"""Signals as people read them."""
