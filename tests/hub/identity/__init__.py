"""Tests of identity at the hub: who is let in, by which proof, and how it is put out again."""
