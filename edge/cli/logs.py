"""The log of an object's processes: each sentence says whose it is."""

from typing import Literal

from cloud_sync.logs import log_to_journal_or_terminal
from edge.config import ObjectConfig


def log_of(config: ObjectConfig, program: Literal["opos-edge", "opos-sync"]) -> None:
    """From here on `logging` writes in the name of this object."""
    section = config.object
    fields = {"OPOS_OBJECT": section.id, "OPOS_SITE": section.site, "OPOS_TENANT": section.tenant}
    log_to_journal_or_terminal(program, fields)
