"""The health of an object, in numbers for whoever watches a fleet of them."""
