"""Who belongs to whom (关系): family, colleagues, introductions, authorised persons; households."""
