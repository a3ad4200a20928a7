"""The five questions of `opos setup`: what is answered is not asked, and each default is what was found."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar, cast, get_args

import click

from cloud_sync.contract.enrolment import claim_text
from edge.config import Kind, PeripheralSection
from edge.config.checks import wrong_devices
from edge.provision.object_file import NO_TERMINAL
from edge.provision.setup.answers import (
    PORT,
    WAIT_S,
    Answers,
    AnswersError,
    Decisions,
    MissingAnswerError,
    terminal_uri,
)
from edge.provision.setup.claims import SCAN, claim_from, is_gone, scanned_claim
from edge.provision.setup.found import Looked, Use, likely, proposed

# A walk to the office for the sheet with the code, and back.
_SCAN_S: Final = 300.0

T = TypeVar("T")


class Questions:
    """Asks for what is not answered; where nobody is there defaults count, and what has none is missing."""

    def __init__(
        self,
        answers: Answers,
        found: Looked,
        before: Decisions | None,
        *,
        is_person: bool,
        is_rehearsed: bool = False,
    ) -> None:
        self._answers, self._found, self._before = answers, found, before
        self._is_person = is_person
        self._does_without = before is not None or is_rehearsed  # a claim

    def decided(self, *, has_glass: bool) -> Decisions:
        """All answers. Raises AnswersError."""
        claim = self._claim()
        kind = self._kind()
        peripherals = self._peripherals(kind)
        terminal = self._terminal()
        glass = self._glass(has_glass=has_glass)
        told, before = self._answers, self._before
        port = told.port or (before.port if before else PORT)
        wait_s = told.wait_s or WAIT_S
        return Decisions(claim, kind, peripherals, terminal, glass, port, told.account, wait_s)

    def _claim(self) -> str:
        """The claim; an object that is enrolled needs none, nor does a rehearsal."""
        told = self._answers.claim
        if self._does_without and (told is None or is_gone(told)):
            return ""
        if told is not None:
            return self._claim_of(told)
        scanners = self._scanners()
        hint = "; Enter alone to hold its QR code before the scanner" if scanners else ""
        return self._asked(
            "--claim",
            f"The claim that the hub made, or a file that holds it{hint}",
            SCAN if scanners else None,
            self._claim_of,
        )

    def _claim_of(self, answer: str) -> str:
        if answer != SCAN:
            return claim_text(claim_from(answer, sys.stdin))
        uris = self._scanners()
        if not uris:
            raise AnswersError("claim: no scanner was found to hold a claim before: paste it, or name a file")
        click.echo("Hold the claim's QR code before the scanner.", err=True)
        claim = asyncio.run(scanned_claim(uris, _SCAN_S))
        if claim is None:
            raise AnswersError(f"claim: the scanner has seen none for {_SCAN_S:g} s")
        return claim_text(claim)

    def _scanners(self) -> list[str]:
        """Those that were named, or else those that were found."""
        named = [each.uri for each in self._answers.peripheral or () if each.role == "scanner"]
        return named or [each.uri for each in self._found.of("scanner")]

    def _kind(self) -> Kind:
        told, before = self._answers.kind, self._before
        if before is not None:
            if told not in {None, before.kind}:
                raise AnswersError(
                    f"kind: a {before.kind} lives here, and no answer makes a {told} of it: leave the kind"
                    f" out, or reset it first (`opos object reset`) and give a claim for a {told}"
                )
            return before.kind
        if told is not None:
            return told
        kinds = get_args(Kind)
        devices = self._answers.peripheral or ()
        uses: set[Use] = {*(each.role for each in devices), *(each.use for each in self._found.devices)}
        return self._asked(
            "--kind",
            f"What it is ({'/'.join(kinds)})",
            likely(uses),
            lambda text: _one_of(text, kinds),
        )

    def _peripherals(self, kind: Kind) -> tuple[PeripheralSection, ...]:
        devices = self._answers.peripheral
        if devices is None and self._before is not None:
            devices = self._before.peripherals
        if devices is None:
            devices = self._kept(proposed(self._found, kind))
        for wrong in wrong_devices(kind, devices):
            raise MissingAnswerError(f"{wrong}: give each device with --peripheral ROLE=URI (`opos devices`)")
        return devices

    def _kept(self, devices: tuple[PeripheralSection, ...]) -> tuple[PeripheralSection, ...]:
        """Those that a person keeps."""
        if not devices or not self._is_person:
            return devices
        names = ", ".join(each.source for each in devices)
        left_out = self._asked(
            "--peripheral",
            f"Sell with {names}? Enter keeps them; or the names to leave out",
            "",
            lambda text: _among(text, [each.source for each in devices]),
        )
        return tuple(each for each in devices if each.source not in left_out)

    def _terminal(self) -> str | None:
        if self._answers.terminal is not None:
            return terminal_uri(self._answers.terminal)
        if self._before is not None:
            return None
        seen = self._found.of("terminal")
        # Who names an account wants sales to go on it.
        default = seen[0].uri if seen and self._answers.account is None else NO_TERMINAL
        return self._asked(
            "--terminal", "A card terminal: HOST, HOST:PORT, a URI or none", default, terminal_uri
        )

    def _glass(self, *, has_glass: bool) -> bool:
        if self._answers.glass is not None:
            return self._answers.glass
        if self._before is not None:
            return self._before.glass
        words = {"y": True, "yes": True, "n": False, "no": False}
        return self._asked(
            "--glass",
            "Does this machine drive the glass itself? (y/n)",
            "y" if has_glass else "n",
            lambda text: words[_one_of(text.lower(), tuple(words))],
        )

    def _asked(self, flag: str, question: str, default: str | None, read: Callable[[str], T]) -> T:
        """What a person says, until it can be read; without one the default, which not every question has."""
        if not self._is_person:
            if default is None:
                raise MissingAnswerError(f"nobody is there to be asked: give {flag}: {question}")
            return read(default)

        def value(text: str) -> T:
            try:
                return read(text)
            except AnswersError as error:
                raise click.UsageError(str(error)) from error

        answer: Any = click.prompt(
            question, default=default, show_default=bool(default), value_proc=value, err=True
        )
        return cast(T, answer)


def _one_of(text: str, words: tuple[str, ...]) -> Any:
    if text not in words:
        _refuse(f"expected one of {', '.join(words)}, got {text!r}")
    return text


def _among(text: str, names: list[str]) -> list[str]:
    chosen = text.replace(",", " ").split()
    for name in chosen:
        if name not in names:
            _refuse(f"expected some of {', '.join(names)}, got {name!r}")
    return chosen


def _refuse(sentence: str) -> NoReturn:
    raise AnswersError(sentence)
