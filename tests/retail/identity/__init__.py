"""Tests of what is read off goods."""
