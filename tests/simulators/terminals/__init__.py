"""The simulated payment terminals, by bytes alone and over real ports."""
