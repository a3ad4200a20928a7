"""The simulated scales."""
