"""Knowing the customers: archive, relations, life events, incoming data, complaints. The brief's first stage (档案)."""
