"""What is learned from the data: models, and how well they do."""
