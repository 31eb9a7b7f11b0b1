"""Benefits (权益) of a grade: what is due, what was used."""
