"""The worlds themselves under test: they play, they play again, and they find known bugs."""
