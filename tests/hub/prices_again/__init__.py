"""Tests of sales that the hub prices again."""
