"""The team's day."""
