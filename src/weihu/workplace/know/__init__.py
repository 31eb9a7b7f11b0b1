"""Knowing the customers: the archive, their relations and lives, what comes in, complaints. The first stage of the brief (档案)."""
