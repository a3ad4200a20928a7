"""What every run of the suite has: a search for the numbers of cards in all that it leaves behind."""

pytest_plugins = ("tests.card_scan",)
