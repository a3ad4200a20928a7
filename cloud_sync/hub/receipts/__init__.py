"""Receipts at the hub: found by their hash, shown as a page, and sent to whoever asks for one by e-mail."""
