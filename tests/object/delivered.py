"""Documents as an object gets them: sealed by the retailer, handed over by an agent at its own socket."""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from pathlib import Path

from cloud_sync.agent.ports import RuntimeAwayError
from cloud_sync.contract.documents import MANIFEST_TYPE, manifest_of
from cloud_sync.contract.signing import Signer, seal
from edge.runtime_line import RuntimeLine
from retail.pricing.book import Version


async def deliver(folder: Path, retailer: Signer, documents: Mapping[str, bytes]) -> None:
    """Hand `documents` (name -> text) to the object in `folder`, as soon as its runtime is there."""
    line = RuntimeLine(folder / "data" / "journal.sock", random.Random(1))
    running = asyncio.ensure_future(line.run())
    for name, data in documents.items():
        staged = folder / f"{name}.staged"
        staged.write_bytes(data)
        manifest = seal(retailer, MANIFEST_TYPE, manifest_of(name, "corner", Version(1, 1), data))
        handed = None
        while handed is None:
            with contextlib.suppress(RuntimeAwayError):
                handed = await line.document(manifest, staged)
            await asyncio.sleep(0.02)
        assert handed.error is None, handed
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
