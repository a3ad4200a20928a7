"""Run an object, or make and seal the key that it signs with."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.contract.signing import Tier
from edge.config import ConfigError, load, without_trust
from edge.keys import KeyUnusableError, Sealing, load_signer, make_key, seal_key

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_KEPT: Final[dict[Tier, str]] = {
    "file": "a plain file",
    "sealed-file": "a sealed file",
    "tpm": "a file that the TPM opens",
    "secure-element": "a secure element",
}

_MORE = """\b
Examples:
  opos object key mirror/object.toml
  opos object seal mirror/object.toml
  opos object run mirror/object.toml
"""

_SEALING = """\b
In object.toml, one of:
  [key]                            [key]                  [key]
  kind = "sealed-file"             kind = "sealed-file"   kind = "tpm"
  # systemd: opos-key-secret       secret = "key.secret"  handle = "0x81010001"
                                                          pcrs = "sha256:7"
\b
A secret for systemd (LoadCredentialEncrypted=opos-key-secret in the unit):
  head -c 32 /dev/urandom | systemd-creds encrypt --name=opos-key-secret - \\
    /etc/credstore.encrypted/opos-key-secret
\b
A secret in a TPM 2.0 (tpm2-tools):
  tpm2_createprimary -C o -c primary.ctx
  tpm2_createpolicy --policy-pcr -l sha256:7 -L pcr.policy
  head -c 32 /dev/urandom | tpm2_create -C primary.ctx -L pcr.policy -i - \\
    -a "fixedtpm|fixedparent|adminwithpolicy|noda" -u seal.pub -r seal.priv
  tpm2_load -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
  tpm2_evictcontrol -C o -c seal.ctx 0x81010001
"""


@click.group("object", epilog=_MORE)
def object_() -> None:
    """Run an object, or make and seal the key that it signs with."""


@object_.command()
@_FILE
def run(file: Path) -> None:
    """Run the object that FILE describes, until it is told to stop."""
    # Imported here: `opos object key` needs none of it, and it is most of the time that a start takes.
    from edge.runtime import StartError, run_object  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        failure = run_object(load(file), version("opos"))
    except (ConfigError, StartError) as error:
        raise click.ClickException(str(error)) from error
    if failure is not None:
        raise click.ClickException(
            f"the journal can no longer be written ({failure}): start the object again"
        )


@object_.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print the public key as a JWK for a program.")
def key(file: Path, *, as_json: bool) -> None:
    """Make the object's key if it has none, and print the public half for `opos hub admit`."""
    with _said():
        config = without_trust(file)
        signer = make_key(config)
    public = signer.public
    if as_json:
        _print_json(public.jwk())
    else:
        click.echo(f"{config.object.id} signs with key {public.kid}\nx {public.x}\ny {public.y}")
        click.echo(f"kept in {_KEPT[signer.tier]}")


@object_.command(epilog=_SEALING)
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def seal(file: Path, *, as_json: bool) -> None:
    """Seal the object's key as FILE says; until that is done, the plain key stays as it is."""
    with _said():
        config = without_trust(file)
        sealed = seal_key(config)
        signer = load_signer(config)
    kid, tier = signer.public.kid, signer.tier
    if as_json:
        _print_json({"object": config.object.id, "kid": kid, "tier": tier, "sealed": sealed.value})
    elif sealed is Sealing.ALREADY:
        click.echo(f"key {kid} of {config.object.id} was sealed before, and opens: {_KEPT[tier]}")
    else:
        click.echo(f"key {kid} of {config.object.id} is now kept in {_KEPT[tier]}: {config.key}")
        click.echo("Flash may keep old blocks of the plain one: give a used card a new key.")


@contextmanager
def _said() -> Iterator[None]:
    """What is wrong with the file or the key, as one sentence."""
    try:
        yield
    except (ConfigError, KeyUnusableError) as error:
        raise click.ClickException(str(error)) from error


def _print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
