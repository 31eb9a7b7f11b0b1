"""Relations between customers (关系): family, colleagues, introductions, authorised persons; households."""
