"""The team's day: board, morning meeting, evening review, work log."""
