"""A tally of what was refused, which speaks of it ever more seldom: nobody may fill the log of an object."""

import logging


class Tally:
    """Counts refusals of one kind; the first, the second, the fourth, the eighth... is logged."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self.count = 0

    def add(self, why: object) -> None:
        """One more was refused, because of `why`."""
        self.count += 1
        if self.count & (self.count - 1) == 0:
            self._log.warning("%s refused (%d so far): %s", self._what, self.count, str(why)[:400])
