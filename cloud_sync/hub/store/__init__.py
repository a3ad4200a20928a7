"""What the hub keeps: the database, its rules, and the questions that are asked of it."""
