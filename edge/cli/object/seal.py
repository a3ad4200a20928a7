"""Seal the key that an object signs with."""

from pathlib import Path
from typing import Final

import click

from edge.cli.object.door import AS_JSON, FILE, KEPT, print_json, said
from edge.config import without_trust
from edge.keys import Sealing, load_signer, seal_key

_SEALING: Final = """\b
In object.toml, one of:
  [key]                       [key]                  [key]
  kind = "sealed-file"        kind = "sealed-file"   kind = "tpm"
  # opos-key-secret (systemd) secret = "key.secret"  handle = "0x81010001"
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


@click.command(epilog=_SEALING)
@FILE
@AS_JSON
def seal(file: Path, *, as_json: bool) -> None:
    """Seal the object's key as FILE says; until that is done, the plain key stays as it is."""
    with said():
        config = without_trust(file)
        sealed = seal_key(config)
        signer = load_signer(config)
    kid, tier = signer.public.kid, signer.tier
    if as_json:
        print_json({"object": config.object.id, "kid": kid, "tier": tier, "sealed": sealed.value})
    elif sealed is Sealing.ALREADY:
        click.echo(f"key {kid} of {config.object.id} was sealed before, and opens: {KEPT[tier]}")
    else:
        click.echo(f"key {kid} of {config.object.id} is now kept in {KEPT[tier]}: {config.key}")
        click.echo("Flash may keep old blocks of the plain one: give a used card a new key.")
