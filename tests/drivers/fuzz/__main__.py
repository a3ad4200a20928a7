"""Fuzz drivers without end: `python -m tests.drivers.fuzz --seconds 600 [PROFILE]...`, as `make fuzz` does.

What opened new paths stays in var/fuzz/corpus, so that the next run goes on from there. A driver that fails
leaves the bytes in var/fuzz/found; `--replay FILE PROFILE` plays them again, with no need of atheris.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from tests.drivers.conformance.vectors import known, protocols
from tests.drivers.fuzz.trial import as_bytes, check_bytes

PLACE: Final = Path("var/fuzz")
# The longest report of a reader that we have seen is 1.4 kB; what is longer opens no new paths.
INPUT_BYTES_MAX: Final = 4096
# A driver that takes a second for so few bytes would hold up a whole object.
PATIENCE_S: Final = 5
MEMORY_MB_MAX: Final = 1024


@click.command()
@click.argument("profiles", nargs=-1, metavar="[PROFILE]...")
@click.option("--seconds", type=click.IntRange(min=1), default=60, show_default=True, help="For each driver.")
@click.option("--replay", type=click.Path(exists=True, path_type=Path), help="Play what was found again.")
def fuzz(profiles: tuple[str, ...], seconds: int, replay: Path | None) -> None:
    """Fuzz the driver of each PROFILE, or of every protocol of which something is known."""
    chosen = profiles or [known(protocol).profile for protocol in protocols()]
    if replay is not None:
        for profile in chosen:
            check_bytes(profile, replay.read_bytes())
        return
    failed = [profile for profile in chosen if _failed(profile, seconds)]
    click.echo(f"{len(chosen)} drivers, {seconds} s each: {', '.join(failed) or 'none'} failed")
    sys.exit(1 if failed else 0)


def _failed(profile: str, seconds: int) -> bool:
    corpus, found = PLACE / "corpus" / profile, PLACE / "found" / profile
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    for number, said in enumerate(_said(profile)):
        (corpus / f"vector-{number}").write_bytes(as_bytes(said))
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={INPUT_BYTES_MAX}",
        f"-timeout={PATIENCE_S}",
        f"-rss_limit_mb={MEMORY_MB_MAX}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-verbosity=0",
        str(corpus),
    ]
    click.echo(f"{profile}: {seconds} s")
    command = [sys.executable, "-m", "tests.drivers.fuzz.guided", profile, *options]
    return subprocess.run(command, check=False).returncode != 0


def _said(profile: str) -> Iterable[bytes]:
    files = (known(protocol) for protocol in protocols())
    return [vector.data for file in files if file.profile == profile for vector in file.vector]


if __name__ == "__main__":
    fuzz()
