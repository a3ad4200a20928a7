"""The driver of payment terminals that speak ZVT, against public captures and a terminal played by hand."""
