"""Two verifiers that share no code with ours: a JOSE library, and the page in a shopper's own browser."""
