"""The customer's life (M5): goals, occasions, and a calendar of them for who answers for the customer."""
