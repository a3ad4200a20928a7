"""Receipts at the hub: their pages and their letters."""
