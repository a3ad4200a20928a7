"""What the docs tell people to type: every command of theirs is one, and what can be run here runs."""
