"""Segments (客户细分): conditions on everything that is known of customers, kept under a name and re-evaluated nightly."""
