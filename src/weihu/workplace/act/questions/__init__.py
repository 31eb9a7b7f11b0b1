"""Free questions (自由分析): customers counted by what they have in common, as in a pivot table, kept under a name."""
