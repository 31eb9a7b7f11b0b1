"""What customers agreed to."""
