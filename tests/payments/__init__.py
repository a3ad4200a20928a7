"""Tests of payments: the table, the book, the cashier, and everything that can go wrong with money."""
