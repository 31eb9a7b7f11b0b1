"""Judging what customers are worth and who answers for them. The second stage of the brief (分级)."""
