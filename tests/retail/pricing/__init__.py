"""How a basket is priced."""
