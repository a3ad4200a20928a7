"""Tags: how many a second one core reads, and what any reader of hexadecimal costs."""

import binascii
import random
import time
from collections.abc import Callable, Iterable
from functools import cache
from string import ascii_letters, digits
from typing import Final

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from retail.identity.answer import Refused
from retail.identity.epc import PlusTag, Tag, parse_tag, read, write

TAGS: Final = 2_000
SEED: Final = 6

# What a shop meets: goods first, then the crates, pallets, places and people around them.
_FORMS: Final = (
    ("sgtin-96:1.{company}.{item}.{number}", 50),
    ("sgtin-198:1.{company}.{item}.{text}", 20),
    ("sscc-96:2.{company}.{ten}", 10),
    ("grai-96:0.{company}.{five}.{number}", 5),
    ("giai-202:0.{company}.{text}", 5),
    ("sgln-96:0.{company}.{five}.{number}", 5),
    ("gsrn-96:0.{company}.{ten}", 5),
)


@cache
def old_tags() -> tuple[str, ...]:
    """The memory of tags in codings up to release 1.x, in the same mix on every machine."""
    luck = random.Random(SEED)  # noqa: S311 - goods of a bench, not keys
    forms = luck.choices([form for form, _ in _FORMS], [share for _, share in _FORMS], k=TAGS)
    return tuple(write(_tag(form, luck)) for form in forms)


@cache
def new_tags() -> tuple[str, ...]:
    """The memory of goods' tags of release 2, with a host on every second one."""
    luck = random.Random(SEED)  # noqa: S311 - goods of a bench, not keys
    serials = ["".join(luck.choices(ascii_letters + digits, k=luck.randint(6, 20))) for _ in range(TAGS)]
    return tuple(
        write(
            PlusTag("sgtin++", 1, ("09521141123454", serial), hostname="id.example.com")
            if number % 2
            else PlusTag("sgtin+", 1, ("09521141123454", serial))
        )
        for number, serial in enumerate(serials)
    )


def _tag(form: str, luck: random.Random) -> Tag:
    said = form.format(
        company=f"{luck.randrange(10**7):07d}",
        item=f"{luck.randrange(10**6):06d}",
        five=f"{luck.randrange(10**5):05d}",
        ten=f"{luck.randrange(10**10):010d}",
        number=luck.randrange(2**38),
        text="".join(luck.choices(ascii_letters + digits, k=luck.randint(6, 20))),
    )
    found = parse_tag(f"urn:epc:tag:{said}")
    assert not isinstance(found, Refused), found
    return found


def a_second(read_one: Callable[[str], object], memories: Iterable[str]) -> float:
    """How many of `memories` one core reads in a second of its own time."""
    began_ns = time.process_time_ns()
    count = 0
    for memory in memories:
        read_one(memory)
        count += 1
    return count * 1e9 / (time.process_time_ns() - began_ns)


def _named(memory: str) -> str | None:
    found = read(memory)
    assert not isinstance(found, Refused), found
    return found.element_string


def _number(memory: str) -> int:
    return int.from_bytes(binascii.unhexlify(memory))


BENCHMARKS = (
    Benchmark(
        name="epc-decode",
        unit="tags/s",
        goal=Goal(Judged.VALUE, Direction.AT_LEAST, 300_000),
        value=lambda: a_second(read, old_tags() * 20),
        ceiling=lambda: a_second(_number, old_tags() * 20),
    ),
    Benchmark(
        name="epc-decode-to-elements",
        unit="tags/s",
        goal=None,
        value=lambda: a_second(_named, old_tags() * 10),
        ceiling=lambda: a_second(_number, old_tags() * 10),
    ),
    Benchmark(
        name="epc-decode-release-2",
        unit="tags/s",
        goal=None,
        value=lambda: a_second(read, new_tags() * 5),
        ceiling=lambda: a_second(_number, new_tags() * 5),
    ),
)
