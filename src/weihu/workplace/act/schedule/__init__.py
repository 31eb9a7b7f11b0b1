"""The schedule: visits, upcoming occasions, and the calendar feed."""
