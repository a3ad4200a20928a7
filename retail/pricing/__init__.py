"""Basket, book, promotions, member and time in; lines, discounts, taxes and total out: one pure function."""
