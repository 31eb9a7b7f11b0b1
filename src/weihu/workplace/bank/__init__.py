"""What nights publish; nothing here is written by people."""
