"""The API for the bank's other systems: call centre, website, terminals (M4)."""
