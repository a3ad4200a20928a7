"""The proofs, run inside the guest one after the other; each is a line of JSON when it is done."""

import asyncio
import os
import sys
import time
import traceback
from typing import Final

import msgspec

from tests.vm import cables, doctors, hids, inputs
from tests.vm.proof import Proof, Proving

# A proof waits for itself; this is for one that hangs.
PROOF_S: Final = 90.0

PROOFS: Final = (*inputs.PROOFS, *hids.PROOFS, *cables.PROOFS, *doctors.PROOFS)


def chosen(only: str) -> dict[str, Proving]:
    """The proofs whose name has this word, by name."""
    return {proof.__name__: proof for proof in PROOFS if only in proof.__name__}


def main() -> None:
    """Run the proofs one after the other, and say each as a line of JSON."""
    for proof in chosen(os.environ.get("OPOS_ONLY", "")).values():
        sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_proved(proof))) + b"\n")
        sys.stdout.buffer.flush()


async def _proved(proof: Proving) -> Proof:
    """Whatever a proof ends with is what it says: nothing that it finds may end the others."""
    began_s = time.monotonic()
    task = asyncio.ensure_future(proof())
    await asyncio.wait({task}, timeout=PROOF_S)
    said, holds = _end(task)
    return Proof(proof.__name__, holds, said, round((time.monotonic() - began_s) * 1000))


def _end(task: "asyncio.Future[str]") -> tuple[str, bool]:
    if not task.done():
        task.cancel()
        return f"no end within {PROOF_S:.0f} s", False
    if (error := task.exception()) is None:
        return task.result(), True
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error}", False


if __name__ == "__main__":
    main()
