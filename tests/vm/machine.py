"""The guest itself: QEMU without any help of this machine's processor, and the lines that come out of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from tests.vm.debian import program
from tests.vm.proof import Proof

# Booted in half a minute and through in another on a busy machine; a guest that hangs is ended after this.
PATIENCE_S: Final = 600


def proofs(kernel: Path, image: Path, console: Path, only: str) -> Iterator[Proof]:
    """Boot the guest and hand on each proof as it is done; what the kernel says goes to `console`."""
    command = _command(kernel, image, console, only)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as guest:
        assert guest.stdout is not None, "it was asked for"
        for line in guest.stdout:
            if line.startswith(b"{"):
                yield msgspec.json.decode(line, type=Proof)


def _command(kernel: Path, image: Path, console: Path, only: str) -> list[str]:
    said = f"console=ttyS0 panic=-1 quiet mitigations=off {f'OPOS_ONLY={only}' if only else ''}"
    return [
        *("timeout", str(PATIENCE_S), str(program("qemu-system-x86_64"))),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"),
        *("-nodefaults", "-display", "none", "-no-reboot"),
        *("-kernel", str(kernel), "-initrd", str(image), "-append", said),
        *("-serial", f"file:{console}", "-serial", "stdio"),
    ]
