"""Codes that ask for money or pay with it, read and written: EMVCo, SEPA, Swiss, UPI, Bitcoin, wallets."""
