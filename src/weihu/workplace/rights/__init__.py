"""What the customer has agreed to, and what he may ask of the bank (PIPL): consents, a copy of his data, erasure."""
