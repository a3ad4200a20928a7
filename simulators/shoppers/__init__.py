"""Shoppers before a shelf, a mirror or a tray: what they do is known, what the sensors hear is noisy."""
