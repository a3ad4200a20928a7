"""Keep a shop's hub: sales, money and stock of all its objects, their keys, orders and backups.

One module a subject: each exports `COMMANDS`, and this group takes them all. `options.py` has what they
share: --dir, --json, the open database, and how a refusal becomes a sentence.
"""

import click

from cloud_sync.hub.cli import backup, identity, making, members, orders, payments, run, seeing, wallets

_MORE = """\b
Examples:
  opos hub init --dir var/hub
  opos hub import simulators/shops/corner --dir var/hub
  opos object key mirror/object.toml --json |
      opos hub admit --dir var/hub --object mirror-4 --tenant demo \\
          --site corner --key -
  opos hub certify --dir var/hub --object mirror-4 \\
      > mirror/data/certificate.jws
  opos hub trust --dir var/hub > mirror/trust.json
  opos hub run --dir var/hub --port 8110 --broker 127.0.0.1:1883
"""


@click.group(epilog=_MORE)
def hub() -> None:
    """Keep a shop's hub: sales, money and stock of all its objects, their keys, orders and backups."""


for _room in (making, identity, run, seeing, orders, payments, wallets, members, backup):
    for _command in _room.COMMANDS:
        hub.add_command(_command)
