"""The tables that nights publish. No page writes to them."""
