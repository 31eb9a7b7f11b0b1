"""Contacts with customers and their results."""
