"""Duplicates (疑似重复): found, compared side by side, merged, and the merge undone."""
