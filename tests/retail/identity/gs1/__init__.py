"""Tests of element strings, links, printed digits and scans, much of it against public vectors."""
