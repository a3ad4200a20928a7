"""The same bad days for OPOS and for another store-and-forward gateway: what arrives of each row."""
