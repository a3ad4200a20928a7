"""Build the guest, boot it, and print what it proved: `python -m tests.vm [--only WORD]`."""

import sys
from pathlib import Path

import click

from tests.vm.debian import Kernel, MissingError, check_programs
from tests.vm.guest import chosen
from tests.vm.image import CHECKOUT, build
from tests.vm.machine import proofs
from tests.vm.proof import Proof


@click.command()
@click.option("--only", default="", metavar="WORD", help="The proofs whose name has this word.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=CHECKOUT / "var/vm", help="Kernel and image."
)
def main(only: str, folder: Path) -> None:
    """Prove on a real kernel, in a guest, what pseudo-terminals cannot show; exit 1 where one falls."""
    wanted = chosen(only.replace(" ", "_"))
    if not wanted:
        raise click.BadParameter(f"no proof has {only!r} in its name", param_hint="--only")
    kernel, image, console = Kernel(folder / "kernel"), folder / "guest.cpio", folder / "console.log"
    try:
        check_programs()
        kernel.fetch()
    except MissingError as error:
        raise click.ClickException(f"{error}, then run: make vm-test") from error
    build(image, kernel)
    said = [_shown(proof) for proof in proofs(kernel.image, image, console, only.replace(" ", "_"))]
    never = f"the guest ended before it; its last words are in {console}"
    said += [_shown(Proof(name, False, never, 0)) for name in wanted.keys() - {each.name for each in said}]
    holding = sum(proof.holds for proof in said)
    click.echo(f"{holding} of {len(said)} hold.")
    sys.exit(holding < len(said))


def _shown(proof: Proof) -> Proof:
    verdict = click.style("holds", fg="green") if proof.holds else click.style("FALLS", fg="red")
    click.echo(f"{verdict}  {proof.took_ms / 1000:5.1f} s  {proof.name.replace('_', ' ')}: {proof.said}")
    return proof


if __name__ == "__main__":
    main()
