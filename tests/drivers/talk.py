"""What the tests of readers and scanners share: a driver on an open port, in time that a test turns on."""

from edge.drivers.driver import Driver
from edge.readings import DeviceFault, Nanoseconds, Reading

SECOND_NS = 1_000_000_000


class Talk:
    """A driver with a port: what it is told it hears now, and what it says is kept."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.now = Nanoseconds(0)
        driver.opened(self.now)

    def said(self) -> bytes:
        return self.driver.to_send()

    def hear(self, data: bytes) -> list[Reading]:
        return [*self.driver.receive(data), *self.driver.tick(self.now)]

    def wait(self, seconds: float) -> list[Reading]:
        """Let the time pass as a transport does: tick at each deadline on the way."""
        end = self.now + round(seconds * SECOND_NS)
        heard: list[Reading] = []
        while (deadline := self.driver.deadline_ns) is not None and deadline <= end:
            self.now = deadline
            heard += self.driver.tick(self.now)
        self.now = Nanoseconds(end)
        return [*heard, *self.driver.tick(self.now)]

    def faults(self, seconds: float) -> list[str]:
        return [each.code for each in self.wait(seconds) if isinstance(each, DeviceFault)]
