"""The alarm of a driver: it counts from the tick that follows, rings once, and can be set anew."""

from edge.drivers.alarm import Alarm
from edge.readings import Nanoseconds


def at(ns: int) -> Nanoseconds:
    return Nanoseconds(ns)


def test_it_rings_once_a_pause_after_the_tick_that_follows_its_setting() -> None:
    alarm = Alarm()
    assert not alarm.rings(at(1))
    alarm.set(10)
    assert alarm.deadline_ns is None
    assert not alarm.rings(at(5))
    assert alarm.deadline_ns == 15
    assert [alarm.rings(at(now)) for now in (14, 15, 16)] == [False, True, False]
    assert alarm.deadline_ns is None


def test_where_the_time_is_known_it_counts_from_it() -> None:
    alarm = Alarm()
    alarm.set(10, at(5))
    assert alarm.deadline_ns == 15


def test_setting_it_again_begins_anew_and_off_is_off() -> None:
    alarm = Alarm()
    alarm.set(10, at(0))
    alarm.set(10)
    assert not alarm.rings(at(10))
    assert alarm.deadline_ns == 20
    alarm.off()
    assert not alarm.rings(at(99))
