"""What a setup would write: the object's file, with a word of ours for what only its hub can say."""

from typing import Final

from cloud_sync.contract.enrolment import Enrolled
from edge.provision.object_file import object_text, with_decisions
from edge.provision.place import FILE
from edge.provision.setup.answers import Decisions
from edge.provision.setup.machine import Machine, below
from edge.provision.setup.state import DIRECTORY
from edge.provision.setup.steps import setup_of

_HUB_SAYS: Final = "(its hub says)"


def planned_text(machine: Machine, decisions: Decisions) -> str:
    """object.toml of an object that is set up so: the one that is there changed, or a new one."""
    file = below(machine, DIRECTORY) / FILE
    if file.exists():
        return with_decisions(file.read_bytes().decode(), setup_of(decisions))
    told = Enrolled(
        tenant=_HUB_SAYS,
        site=_HUB_SAYS,
        object=_HUB_SAYS,
        kind=decisions.kind,
        name=_HUB_SAYS,
        sells_from=_HUB_SAYS,
        timezone=_HUB_SAYS,
        broker=_HUB_SAYS,
        hub=_HUB_SAYS,
        chain="",
        root="",
        certificate="",
        keyring="",
        roots=(),
    )
    return object_text(told, setup_of(decisions))
