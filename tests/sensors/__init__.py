"""What readings mean."""
