"""The customer's life (M5): financial goals and upcoming occasions."""
