"""A disk that loses its power: the record of a ledger's life, and every disk that a cut may leave behind."""
