"""Every fault of the doctor's book, caused on purpose: in rounds of those that do not disturb each other."""
