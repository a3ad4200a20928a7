"""The object as its installer meets it: configuration, key, ledger, units."""
