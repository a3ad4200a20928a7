"""Card terminals that speak ZVT behind the cashier: the real driver before the simulated terminal."""
