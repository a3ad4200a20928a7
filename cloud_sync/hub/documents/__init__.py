"""From a shop's own files to signed documents for its objects."""
