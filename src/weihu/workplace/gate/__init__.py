"""Who may see which customers."""
