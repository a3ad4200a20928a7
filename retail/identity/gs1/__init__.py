"""Element strings of GS1: the dictionary of identifiers, the checks of their values, and how to read them."""
