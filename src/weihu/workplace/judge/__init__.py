"""Grading customers and deciding who is responsible for them. The brief's second stage (分级)."""
