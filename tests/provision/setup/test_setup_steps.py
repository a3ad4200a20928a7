"""A setup step by step: what it leaves on a machine, and that a power cut at any moment is no harm."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cloud_sync.contract.enrolment import claim_text, read_enrolment
from edge.config import PeripheralSection, load
from edge.provision.hub_door import EnrolmentRefusedError
from edge.provision.setup.machine import Ran
from edge.provision.setup.state import Unfinished, begun, state_file, unfinished
from edge.provision.setup.steps import STEPS, SetupError, decided_before
from edge.provision.setup.units import UnitsError
from tests.object.paper_hub import PaperHub
from tests.provision.setup.bench import READER, UNITS, PaperMachine, decisions, set_up

FILE = "etc/opos/object.toml"


class PowerCutError(BaseException):
    """The machine is off: nothing that would clean up comes after it."""


class Power:
    """Counts what gets or loses a name, and what services are told, and is cut before one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, machine: PaperMachine, cut_at: int) -> None:
        self.steps, self._cut_at = 0, cut_at
        machine.before_each = self._count
        patch.setattr(os, "fsync", lambda _: None)  # what is cut here is what comes after it
        for where, name in ((Path, "replace"), (Path, "unlink"), (Path, "chmod")):
            patch.setattr(where, name, self._counted(getattr(where, name)))

    def _count(self) -> None:
        self.steps += 1
        if self.steps == self._cut_at:
            raise PowerCutError

    def _counted(self, real: Any) -> Any:
        def counted(*arguments: Any, **named: Any) -> Any:
            self._count()
            return real(*arguments, **named)

        return counted


def was_cut_at(machine: PaperMachine, hub: PaperHub, step: int) -> bool:
    """Set up until the power is cut at `step`; False if it never was."""
    with pytest.MonkeyPatch.context() as patch:
        power = Power(patch, machine, step)
        with contextlib.suppress(PowerCutError):
            set_up(machine, decisions(hub))
        return power.steps >= step


def test_a_power_cut_at_any_moment_leaves_a_setup_that_goes_on(hub: PaperHub, tmp_path: Path) -> None:
    step, was_cut = 0, True
    while was_cut:
        step += 1
        machine = PaperMachine(tmp_path / f"m{step}")
        hub.asked.clear()
        was_cut = was_cut_at(machine, hub, step)
        machine.before_each = lambda: None
        set_up(machine, decisions(hub))
        config = load(machine.root / FILE, machine.root)
        assert (config.object.id, config.peripherals) == ("mirror-4", (READER,))
        assert len(set(hub.asked)) == 1, f"cut {step}: the hub was asked for something else"
        assert "systemctl restart opos-edge.service" in machine.ran
        assert unfinished(machine) is None
        assert not [*machine.root.rglob("*.part"), *machine.root.rglob("*.new")]
    assert step > 25, "every file gets its name, every service is told"


def test_a_machine_becomes_an_object_whose_user_owns_its_ledger(hub: PaperHub, machine: PaperMachine) -> None:
    told = set_up(machine, decisions(hub))
    assert [each.step for each in told if each.state == "done"] == [*STEPS]
    data = machine.root / "var/lib/opos"
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (data, *data.rglob("*"))}
    assert owners == {(990, 991)}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert 'data = "/var/lib/opos"' in (machine.root / FILE).read_text()
    assert not state_file(machine).exists()


def test_services_are_put_in_place_enabled_and_started(hub: PaperHub, machine: PaperMachine) -> None:
    set_up(machine, decisions(hub))
    assert (machine.root / UNITS / "opos-edge.service").exists()
    assert (machine.root / "etc/udev/rules.d/71-opos-serial.rules").exists()
    assert machine.ran == [
        "systemctl daemon-reload",
        "systemctl enable opos-edge.service opos-sync.service",
        "systemctl restart opos-edge.service",
        "systemctl restart opos-sync.service",
    ]


def test_what_a_package_has_brought_is_left_to_it(hub: PaperHub, machine: PaperMachine) -> None:
    packaged = machine.root / "usr/lib/systemd/system"
    packaged.mkdir(parents=True)
    for name in ("opos-edge.service", "opos-sync.service"):
        (packaged / name).write_text("[Service]\n")
    told = set_up(machine, decisions(hub, glass=True))
    assert not (machine.root / UNITS).exists()
    assert [each.facts["missing"] for each in told if "missing" in each.facts] == [("opos-kiosk",)]


def test_a_glass_that_is_taken_away_starts_no_more(hub: PaperHub, machine: PaperMachine) -> None:
    wants = machine.root / UNITS / "graphical.target.wants"
    wants.mkdir(parents=True)
    (wants / "opos-kiosk.service").symlink_to("/usr/lib/systemd/system/opos-kiosk.service")
    (machine.root / UNITS / "opos-kiosk.service").write_text("[Service]\n")
    set_up(machine, decisions(hub, glass=True))
    assert "systemctl restart opos-kiosk.service" in machine.ran
    before = decided_before(machine)
    assert before is not None
    assert before.glass
    set_up(machine, replace(before, glass=False))
    assert machine.ran[-3] == "systemctl disable --now opos-kiosk.service"


def test_an_object_whose_hubs_keys_are_gone_is_one_that_can_be_enrolled_again(
    hub: PaperHub, machine: PaperMachine
) -> None:
    told = set_up(machine, decisions(hub))
    assert told[-1].state == "done"
    (machine.root / "etc/opos/trust.json").unlink()
    before = decided_before(machine)
    assert before is not None
    assert before.kind == decisions(hub).kind


def test_an_image_is_enabled_without_a_systemd_that_runs(hub: PaperHub, tmp_path: Path) -> None:
    image = PaperMachine(tmp_path / "image", booted=False)
    set_up(image, decisions(hub))
    assert image.ran == [f"systemctl --root={image.root} enable opos-edge.service opos-sync.service"]


def test_a_setup_of_another_sort_than_the_claim_is_refused_and_can_be_corrected(
    hub: PaperHub, machine: PaperMachine
) -> None:
    scanner = PeripheralSection("scanner", "tcp:127.0.0.1:9?profile=serial-scanner")
    with pytest.raises(EnrolmentRefusedError, match="the claim is for a mirror, and a panel is being set up"):
        set_up(machine, decisions(hub, kind="panel", peripherals=(scanner,)))
    assert not (machine.root / FILE).exists()
    set_up(machine, decisions(hub))
    assert load(machine.root / FILE, machine.root).object.kind == "mirror"


def test_a_service_that_does_not_start_is_a_sentence_and_the_same_command_goes_on(
    hub: PaperHub, machine: PaperMachine
) -> None:
    machine.refusals["restart opos-sync"] = Ran(1, "Job failed.\nSee journalctl -xe.")
    with pytest.raises(UnitsError, match=r"opos-sync.service does not start \(See journalctl"):
        set_up(machine, decisions(hub))
    machine.refusals.clear()
    told = set_up(machine, decisions(hub))
    assert [each.step for each in told if each.state == "before"] == [
        "system",
        "enrol",
        "file",
        "rights",
        "units",
    ]


def test_without_a_user_to_run_as_the_installer_is_told_how_to_make_one(
    hub: PaperHub, machine: PaperMachine
) -> None:
    (machine.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    with pytest.raises(SetupError, match=r"there is no user 'opos'.*useradd"):
        set_up(machine, decisions(hub))
    assert hub.asked == [], "a claim is not spent on a machine that cannot run it"


def test_another_scanner_goes_into_the_file_around_the_comments_of_whoever_edited_it(
    hub: PaperHub, machine: PaperMachine
) -> None:
    set_up(machine, decisions(hub))
    file = machine.root / FILE
    edited = file.read_text().replace("port = 8101", "port = 8101 # behind the counter") + "# the end\n"
    file.write_text(edited)
    machine.ran.clear()
    other = PeripheralSection("reader", "tcp:10.0.0.9:4001?profile=r200")
    set_up(machine, decisions(hub, claim="", peripherals=(other,)))
    assert file.read_text() == edited.replace(READER.uri, other.uri)
    assert file.with_name("object.toml.before").read_text() == edited
    assert "systemctl restart opos-edge.service" in machine.ran
    assert len(hub.asked) == 1


@pytest.mark.parametrize("with_claim", [True, False])
def test_the_same_setup_once_more_leaves_a_running_object_alone(
    hub: PaperHub, machine: PaperMachine, with_claim: bool
) -> None:
    set_up(machine, decisions(hub))
    before = (machine.root / FILE).read_bytes()
    machine.ran.clear()
    set_up(machine, decisions(hub) if with_claim else decisions(hub, claim=""))
    assert (machine.root / FILE).read_bytes() == before
    assert [each for each in machine.ran if "restart" in each] == []


def test_other_answers_after_a_power_cut_do_not_forget_that_services_run_by_older_ones(hub: PaperHub) -> None:
    first, other = decisions(hub), decisions(hub, wait_s=5)
    assert begun(None, first) == Unfinished(first)
    cut = Unfinished(first, done=("system", "enrol", "file"), changed=True)
    assert begun(cut, first) is cut
    assert begun(cut, other) == Unfinished(other, changed=True)


def test_a_configuration_that_no_object_could_start_with_never_gets_its_name(
    hub: PaperHub, machine: PaperMachine
) -> None:
    set_up(machine, decisions(hub))
    before = (machine.root / FILE).read_bytes()
    scale = PeripheralSection("scale", "tcp:127.0.0.1:9?profile=mt-sics")
    with pytest.raises(ValueError, match="a mirror has no use for a scale"):
        set_up(machine, decisions(hub, claim="", peripherals=(READER, scale)))
    assert (machine.root / FILE).read_bytes() == before
    assert [path.name for path in (machine.root / FILE).parent.glob("object.toml*")] == ["object.toml"]


def test_the_claim_is_nobodys_business_but_roots_and_forgotten_at_the_end(
    hub: PaperHub, machine: PaperMachine
) -> None:
    hub.confirmed = False
    claim = claim_text(hub.claim())
    with pytest.raises(EnrolmentRefusedError, match="nobody confirmed"):
        set_up(machine, decisions(hub))
    assert stat.S_IMODE(state_file(machine).stat().st_mode) == 0o600
    hub.confirmed = True
    set_up(machine, decisions(hub))
    holding = [
        path for path in machine.root.rglob("*") if path.is_file() and claim in path.read_text("latin-1")
    ]
    assert holding == []
    assert read_enrolment(hub.asked[0]).claim == hub.claim().id
