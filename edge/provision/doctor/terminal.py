"""The card terminals of the object's file: whether each has registered this till."""

import asyncio
from collections.abc import Iterator
from typing import Final

import msgspec

from edge.config import TerminalSection
from edge.drivers.profiles import ProfileError
from edge.drivers.uris import PeripheralUriError, parse_uri
from edge.provision.doctor.devices import GONE
from edge.provision.doctor.exchange import exchange
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Device, Patient
from edge.provision.doctor.subject import Subject, UnknownError, config_of

_REFUSED: Final = "terminal.refused"


class Registration(msgspec.Struct, frozen=True):
    """A terminal, and how it stands with this till."""

    path: str
    device: Device


def read(patient: Patient) -> Iterator[Registration]:
    """Every card terminal; one that the runtime speaks with is not spoken to by two."""
    tenders = config_of(patient).tenders
    terminals = [each for each in tenders if isinstance(each, TerminalSection)]
    if not terminals:
        raise UnknownError("the object's file names no card terminal")
    for each in terminals:
        where = each.uri.partition(":")[2].partition("?")[0]
        yield Registration(where, _how(each, patient))


def _how(section: TerminalSection, patient: Patient) -> Device:
    if patient.status is not None:
        return patient.status.devices.get(section.name, Device("waited-for"))
    try:
        return asyncio.run(exchange(parse_uri(section.uri), patient.clock))
    except (PeripheralUriError, ProfileError) as error:
        return Device("faulty", "device.gone", str(error))


def refused(one: Registration) -> Finding | None:
    """It answers no."""
    return found("OP-5001", path=one.path, said=one.device.sentence) if one.device.code == _REFUSED else None


def away(one: Registration) -> Finding | None:
    """It does not answer at all."""
    return found("OP-5002", path=one.path, said=one.device.sentence) if one.device.code in GONE else None


def unregistered(one: Registration) -> Finding | None:
    """It has not answered yes."""
    if one.device.stands == "ready" or one.device.code in {*GONE, _REFUSED}:
        return None
    return found("OP-5003", path=one.path, said=one.device.sentence or "nothing was heard of it yet.")


TERMINAL: Final = Subject(read, refused, away, unregistered)
