"""Customers' consents."""
