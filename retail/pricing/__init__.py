"""Basket and price book in; lines, taxes and total out: one pure function for object and hub."""
