"""Tests of the bindery."""
