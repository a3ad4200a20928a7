"""What every run of the suite has: an order, and a search for the numbers of cards in all that it leaves."""

from hypothesis import settings

# A busy machine is no bug of the code under test, so no example is timed.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

pytest_plugins = ("tests.card_scan", "tests.longest_first", "tests.sampled")
