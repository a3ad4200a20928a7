"""The units and the packages: what they start, what they may do, and what their scripts refuse."""
