"""The installer's hour in a booted Debian: packages, units, faults and power cuts, told as one story."""
