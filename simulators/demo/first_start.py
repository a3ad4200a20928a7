"""The first start of a shop: the hub is founded, told of the goods, and introduced to its objects."""

import asyncio
import hashlib
from pathlib import Path

import msgspec

from simulators.demo.atomic import write_atomically
from simulators.demo.errands import opos, run
from simulators.demo.layout import Layout
from simulators.demo.shop_files import ObjectPlan, Shop


class _Opened(msgspec.Struct, frozen=True):
    """Which shop was opened in this directory: the SHA-256 of its files."""

    shop: str


async def first_start(layout: Layout, shop: Shop, shop_dir: Path) -> None:
    """Do what the first start needs, unless it is done for this very shop.

    Every step may be done twice: a start that was interrupted is simply done again.
    """
    mark = msgspec.json.encode(_Opened(_fingerprint(shop_dir)))
    if layout.opened.exists() and layout.opened.read_bytes() == mark:
        return
    keys, _ = await asyncio.gather(_keys(layout, shop), _found(layout, shop_dir))
    for plan in shop.objects:
        await run(_admission(layout, shop, plan, keys[plan.id]))
        write_atomically(layout.certificate(plan.id), await run(_certificate(layout, plan)))
    write_atomically(layout.trust, await run(opos("hub", "trust", "--dir", layout.hub)))
    write_atomically(layout.opened, mark)


async def _found(layout: Layout, shop_dir: Path) -> None:
    await run(opos("hub", "init", "--dir", layout.hub))
    await run(opos("hub", "import", shop_dir, "--dir", layout.hub))


async def _keys(layout: Layout, shop: Shop) -> dict[str, str]:
    """Object -> its public key as JSON; every object makes its own."""
    names = [plan.id for plan in shop.objects]
    files = [layout.object_file(name) for name in names]
    keys = await asyncio.gather(*(run(opos("object", "key", file, "--json")) for file in files))
    return {name: key.decode().strip() for name, key in zip(names, keys, strict=True)}


def _admission(layout: Layout, shop: Shop, plan: ObjectPlan, key: str) -> tuple[str, ...]:
    whose = ("--object", plan.id, "--tenant", shop.tenant, "--site", shop.site)
    return opos("hub", "admit", "--dir", layout.hub, *whose, "--key", key)


def _certificate(layout: Layout, plan: ObjectPlan) -> tuple[str, ...]:
    return opos("hub", "certify", "--dir", layout.hub, "--object", plan.id)


def _fingerprint(shop_dir: Path) -> str:
    files = sorted(path for path in shop_dir.iterdir() if path.is_file())
    digests = (hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()
