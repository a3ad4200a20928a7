"""The simulated devices, by their manuals and over real ports."""
