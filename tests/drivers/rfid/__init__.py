"""Tests of the drivers of tag and card readers."""
