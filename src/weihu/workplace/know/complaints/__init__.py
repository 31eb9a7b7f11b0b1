"""Complaints (投诉, M20): opened, assigned, answered in time, and followed up with the customer."""
