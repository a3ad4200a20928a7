"""What every run of the suite has: an order, and a search for the numbers of cards in all that it leaves."""

pytest_plugins = ("tests.card_scan", "tests.longest_first", "tests.sampled")
