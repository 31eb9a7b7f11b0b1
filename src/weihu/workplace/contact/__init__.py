"""What was said with customers."""
