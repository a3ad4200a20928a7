"""Bad days of one ledger on real files: failing calls, flipped bits, lying cards, killed processes."""
