"""`opos setup` as a program, a person and a power cut meet it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cloud_sync.contract.enrolment import claim_text
from edge.cli.setup import setup
from edge.cli.setup.questions import Questions
from edge.config import PeripheralSection, load
from edge.provision.setup.answers import EXAMPLE, Answers, Decisions
from edge.provision.setup.found import Device, Looked
from edge.provision.setup.machine import ThisMachine
from edge.provision.setup.state import alone
from tests.object.paper_hub import PaperHub

URI = "tcp:127.0.0.1:9?profile=r200"
READER = ("--kind", "mirror", "--peripheral", f"reader={URI}")


def run(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(setup, list(words), input=stdin)


def lines(stdout: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_a_program_sets_an_object_up_by_a_file_and_reads_how_it_went(
    hub: PaperHub, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "claim").write_text(claim_text(hub.claim()))
    answers = tmp_path / "answers.toml"
    answers.write_text(
        f'claim = "{tmp_path}/claim"\nport = 8102\nterminal = "10.0.0.9"\n'
        f'[[peripheral]]\nrole = "reader"\nuri = "{URI}"\n'
    )
    done = run("--answers", str(answers), "--root", str(root), "--json")
    assert done.exit_code == 0, done.output
    said = lines(done.stdout)
    steps = [each["step"] for each in said if each["state"] == "done" and "step" in each]
    assert steps == ["system", "enrol", "file", "rights", "units", "start"]
    assert said[-1]["state"] == "done"
    assert (said[-1]["object"], said[-1]["glass"]) == ("mirror-4", "http://127.0.0.1:8102/")
    config = load(root / "etc/opos/object.toml", root)
    assert [tender.name for tender in config.tenders] == ["zvt"]
    (tmp_path / "claim").unlink()
    again = run("--answers", str(answers), "--root", str(root), "--json")
    assert lines(again.stdout)[-1] == said[-1]
    assert len(hub.asked) == 1


def test_words_for_people_stay_out_of_a_programs_way(hub: PaperHub, root: Path) -> None:
    words = ("--claim", claim_text(hub.claim()), "--root", str(root), *READER)
    done = run(*words)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "mirror-4 is set up at demo/corner." in done.stderr
    assert "\x1b" not in done.stderr


def test_of_two_who_set_a_machine_up_at_once_the_second_is_sent_away(hub: PaperHub, root: Path) -> None:
    words = ("--claim", claim_text(hub.claim()), "--root", str(root), *READER)
    with alone(ThisMachine(root)):
        done = run(*words)
    assert (done.exit_code, hub.asked) == (1, [])
    assert "another `opos setup` is at work here" in done.stderr
    assert run(*words).exit_code == 0


MISSING = {
    ("--kind", "mirror"): "give --claim",
    ("--claim", "OPOS1.e30", "--kind", "mirror"): "copy all of it",
    ("--claim", "/no/such/file"): "expected a claim (OPOS1.eyJ...), or a file that holds one",
    ("--claim", "scan"): "no scanner was found",
    ("--answers", "/no/such/file"): "No such file",
    ("--terminal", "a b"): "expected none, HOST:PORT or a URI",
    ("--look", "nonsense"): "look: expected a path (/dev/ttyS0) or HOST:PORT, got 'nonsense'",
    ("--peripheral", "reader"): "expected reader=URI",
}


@pytest.mark.parametrize("words", MISSING)
def test_where_nobody_can_be_asked_a_missing_answer_is_named(root: Path, words: tuple[str, ...]) -> None:
    done = run(*words, "--root", str(root))
    assert done.exit_code == 2, done.output
    assert MISSING[words] in done.stderr
    assert [*(root / "etc").iterdir()] == [root / "etc/passwd"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "give --kind"),
        (("--kind", "shelf"), "a shelf needs one each of reader, scale"),
        (("--kind", "mirror"), "give each device with --peripheral ROLE=URI"),
    ],
)
def test_what_nothing_was_found_for_has_to_be_said(
    hub: PaperHub, root: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = run("--claim", claim_text(hub.claim()), *words, "--root", str(root))
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert hub.asked == []


def test_a_dry_run_shows_the_file_and_changes_nothing(hub: PaperHub, root: Path) -> None:
    words = ("--claim", claim_text(hub.claim()), "--root", str(root), *READER, "--dry-run")
    done = run(*words)
    assert done.exit_code == 0
    assert f'uri = "{URI}"' in done.stdout
    assert lines(run(*words, "--json").stdout)[-1]["state"] == "planned"
    assert [*root.rglob("*")] == [root / "etc", root / "etc/passwd"]
    assert hub.asked == []


def test_a_dry_run_shows_what_would_become_of_an_object_that_is_there(hub: PaperHub, root: Path) -> None:
    where = ("--root", str(root))
    assert run("--claim", claim_text(hub.claim()), *where, *READER).exit_code == 0
    file = root / "etc/opos/object.toml"
    before = file.read_text().replace("port = 8101", "port = 8101 # behind the counter")
    file.write_text(before)
    shown = run(*where, "--peripheral", "reader=tcp:10.0.0.9:4001?profile=r200", "--dry-run").stdout
    assert shown == before.replace("127.0.0.1:9?", "10.0.0.9:4001?")
    assert file.read_text() == before


def test_a_rehearsal_needs_no_claim(root: Path, tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(run("--example").stdout)
    done = run("--answers", str(tmp_path / "answers.toml"), "--root", str(root), "--dry-run")
    assert done.exit_code == 0, done.output
    assert 'uri = "serial:/dev/opos/scale0?profile=mt-sics"' in done.stdout


def test_whoever_is_not_root_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = run()
    assert done.exit_code == 1
    assert "run it as root (sudo opos setup ...)" in done.stderr


def test_the_example_is_printed_for_a_file_of_answers() -> None:
    assert run("--example").stdout == EXAMPLE


def test_a_claim_may_come_down_a_pipe(hub: PaperHub, root: Path) -> None:
    done = run("--claim", "-", "--root", str(root), *READER, stdin=f"{claim_text(hub.claim())}\n")
    assert done.exit_code == 0, done.output


def test_a_claim_that_is_named_and_not_there_is_wrong_also_for_an_object_that_needs_none(
    hub: PaperHub, root: Path, tmp_path: Path
) -> None:
    assert run("--claim", claim_text(hub.claim()), "--root", str(root), *READER).exit_code == 0
    done = run("--claim", str(tmp_path / "spent"), "--root", str(root))
    assert (done.exit_code, "No such file" in done.stderr) == (2, True)
    (tmp_path / "answers.toml").write_text(f'claim = "{tmp_path / "spent"}"\n')
    again = run("--answers", str(tmp_path / "answers.toml"), "--root", str(root))
    assert again.exit_code == 0, again.output


def test_a_refusal_of_the_hubs_is_one_sentence_and_a_new_claim_is_all_that_is_asked_then(
    hub: PaperHub, root: Path
) -> None:
    hub.refusal = "the claim has expired"
    done = run("--claim", claim_text(hub.claim()), "--root", str(root), *READER)
    assert done.exit_code == 1
    assert "Error: the hub refuses: the claim has expired. With another claim: opos setup" in done.stderr
    assert lines(run("--root", str(root), "--dry-run", "--json").stdout)[-1]["state"] == "planned"
    hub.refusal = ""
    done = run("--claim", claim_text(hub.claim(id="another-one")), "--root", str(root))
    assert done.exit_code == 0, done.output
    assert load(root / "etc/opos/object.toml", root).peripherals[0].uri == URI


def test_a_setup_that_was_killed_while_it_waited_goes_on_without_a_word(hub: PaperHub, root: Path) -> None:
    hub.confirmed = False
    command = (sys.executable, "-m", "opos", "setup", "--root", str(root), "--json")
    words = ("--claim", claim_text(hub.claim()), *READER)
    with subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert any('"waiting"' in line for line in killed.stdout)
        killed.send_signal(signal.SIGKILL)
    hub.confirmed = True
    again = run("--root", str(root), "--json")
    assert again.exit_code == 0, again.output
    assert lines(again.stdout)[0] == {"step": "system", "state": "before"}
    assert set(hub.asked) == {hub.asked[0]}, "it was asked in the same words again"


FOUND = Looked(
    (
        Device("reader", URI, "reader"),
        Device("scale", "tcp:127.0.0.1:9?profile=mt-sics", "scale"),
        Device("scanner", "serial:/dev/ttyS9?profile=serial-scanner", "scanner"),
        Device("terminal", "serial:/dev/ttyS8?profile=zvt-serial", "terminal"),
    )
)


def asked(typed: str, answers: Answers, *, has_glass: bool = False) -> tuple[Decisions, str]:
    """What a person has decided who typed this, and what they were asked."""
    decided: list[Decisions] = []

    @click.command()
    def ask() -> None:
        decided.append(Questions(answers, FOUND, None, is_person=True).decided(has_glass=has_glass))

    done = CliRunner().invoke(ask, input=typed)
    assert done.exit_code == 0, done.output
    return decided[0], done.stderr


def test_a_person_answers_five_questions_by_enter_and_has_what_was_found(hub: PaperHub) -> None:
    claim = claim_text(hub.claim())
    decided, page = asked(f"{claim}\n\n\n\n\n", Answers(), has_glass=True)
    assert (decided.claim, decided.kind, decided.glass) == (claim, "shelf", True)
    assert [each.source for each in decided.peripherals] == ["reader", "scale", "scanner"]
    assert decided.terminal == "serial:/dev/ttyS8?profile=zvt-serial"
    assert page.count(": ") >= 5


def test_a_person_who_mistypes_is_asked_again_and_may_leave_a_device_out(hub: PaperHub) -> None:
    claim = claim_text(hub.claim())
    typed = f"OPOS1.x\n{claim}\nfridge\nmirror\noven\nscanner\n10.0.0.9:x\nnone\nperhaps\nyes\n"
    decided, page = asked(typed, Answers())
    assert (decided.kind, decided.terminal, decided.glass) == ("mirror", "none", True)
    assert decided.peripherals == (PeripheralSection("reader", URI),)
    for sentence in (
        "copy all of it",
        "got 'fridge'",
        "got 'oven'",
        "expected none, HOST:PORT",
        "got 'perhaps'",
    ):
        assert sentence in page


def test_what_was_answered_is_not_asked(hub: PaperHub) -> None:
    told = Answers(
        claim_text(hub.claim()), "mirror", (PeripheralSection("reader", URI),), "none", glass=False
    )
    assert asked("", told)[1] == ""
