"""Formats of the outside world, turned into deliveries of the core contract."""
