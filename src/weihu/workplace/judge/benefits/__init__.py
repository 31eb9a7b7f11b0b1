"""Benefits (权益) of grades: what customers are entitled to and what they used."""
