"""Payment terminals: drivers that tell what became of money, and never ask for it twice."""
