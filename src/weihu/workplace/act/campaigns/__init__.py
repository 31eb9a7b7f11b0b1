"""Campaigns with a control group."""
