"""`opos setup` on an object that is set up: what is said changes something, or is answered by a sentence."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cloud_sync.contract.enrolment import claim_text
from edge.cli.setup import setup
from edge.provision.setup.answers import Answers
from edge.provision.setup.machine import ThisMachine
from edge.provision.setup.state import Unfinished, keep_state, unfinished
from edge.provision.setup.steps import decided_before
from tests.cli.test_setup_command import READER, URI
from tests.object.paper_hub import PaperHub

TERMINAL = "tcp:10.0.0.9:20007?profile=zvt-tcp"


def run(root: Path, *words: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(setup, [*words, "--root", str(root)], input=stdin)


def first(hub: PaperHub, root: Path, *more: str) -> None:
    done = run(root, "--claim", claim_text(hub.claim()), *READER, *more)
    assert done.exit_code == 0, done.output


def written(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "etc/opos/object.toml").read_text())


def test_a_terminal_that_is_said_to_be_none_is_taken_away(hub: PaperHub, root: Path) -> None:
    first(hub, root)
    account = written(root)["tender"]
    assert run(root, "--terminal", "10.0.0.9").exit_code == 0
    assert written(root)["tender"] == {"kind": "zvt", "uri": TERMINAL}
    assert run(root, "--port", "9000").exit_code == 0
    assert written(root)["tender"] == {"kind": "zvt", "uri": TERMINAL}, "nobody said anything of it"
    done = run(root, "--terminal", "none")
    assert (done.exit_code, written(root)["tender"]) == (0, account)


def test_another_account_is_written(hub: PaperHub, root: Path) -> None:
    first(hub, root)
    assert run(root, "--account", "b8LyR3nR0wS5u").exit_code == 0
    assert written(root)["tender"] == {"kind": "house-account", "account": "b8LyR3nR0wS5u"}
    assert run(root, "--terminal", "10.0.0.9").exit_code == 0
    assert run(root, "--terminal", "none", "--account", "c9").exit_code == 0
    assert written(root)["tender"] == {"kind": "house-account", "account": "c9"}


@pytest.mark.parametrize("words", [("--account", "c9"), ("--account", "c9", "--terminal", "10.0.0.7")])
def test_an_account_where_cards_are_taken_is_refused_with_what_to_say(
    words: tuple[str, ...], hub: PaperHub, root: Path
) -> None:
    first(hub, root, "--terminal", "10.0.0.9")
    before = (root / "etc/opos/object.toml").read_bytes()
    done = run(root, *words)
    assert done.exit_code == 2
    assert "account: no sale goes on a house account here, paid is by zvt: give --terminal" in done.stderr
    assert (root / "etc/opos/object.toml").read_bytes() == before
    assert unfinished(ThisMachine(root)) is None


def test_an_account_and_a_terminal_at_once_are_refused_before_a_claim_is_spent(
    hub: PaperHub, root: Path
) -> None:
    words = ("--claim", claim_text(hub.claim()), *READER, "--terminal", "10.0.0.9", "--account", "c9")
    done = run(root, *words)
    assert (done.exit_code, hub.asked) == (2, [])
    assert "account: no sale goes on a house account here" in done.stderr


@pytest.mark.parametrize("account", ["", "the shop", "x" * 65, "a\tb"])
def test_what_no_account_is_called_is_refused(account: str, root: Path) -> None:
    done = run(root, "--account", account)
    assert (done.exit_code, "account: expected a pseudonym of 1 to 64" in done.stderr) == (2, True)


def test_another_kind_is_refused_with_what_makes_it_one(hub: PaperHub, root: Path) -> None:
    first(hub, root)
    done = run(root, "--kind", "shelf")
    assert done.exit_code == 2
    assert "a mirror lives here, and no answer makes a shelf of it" in done.stderr
    assert "opos object reset" in done.stderr
    assert run(root, "--kind", "mirror").exit_code == 0


def test_looking_around_at_an_object_that_has_its_devices_says_how_it_has_others(
    hub: PaperHub, root: Path
) -> None:
    first(hub, root)
    before = (root / "etc/opos/object.toml").read_bytes()
    done = run(root, "--look", "127.0.0.1:9")
    assert done.exit_code == 0
    assert "look: what was found is not taken: the object keeps the devices that it has" in done.stderr
    said = [json.loads(line) for line in run(root, "--look", "127.0.0.1:9", "--json").stdout.splitlines()]
    assert [each["answer"] for each in said if each["state"] == "unused"] == ["look"]
    assert (root / "etc/opos/object.toml").read_bytes() == before


def test_a_file_that_is_wrong_is_told_with_the_command_that_puts_it_right(hub: PaperHub, root: Path) -> None:
    first(hub, root)
    (root / "etc/opos/object.toml").write_text("[object")
    done = run(root, "--port", "9000")
    assert done.exit_code == 1
    assert f"`opos object restore {root}/etc/opos/object.toml`" in done.stderr


def test_the_glass_and_its_port_change(hub: PaperHub, root: Path) -> None:
    first(hub, root)
    done = run(root, "--port", "9000", "--glass")
    assert (done.exit_code, written(root)["display"]["port"]) == (0, 9000)
    assert "opos-kiosk" in done.stderr


def test_what_was_said_before_a_power_cut_yields_to_what_is_said_now(hub: PaperHub, root: Path) -> None:
    hub.refusal = "not now"
    words = ("--claim", claim_text(hub.claim()), *READER, "--account", "c9")
    assert run(root, *words).exit_code == 1
    hub.refusal = ""
    done = run(root, "--terminal", "10.0.0.9")
    assert (done.exit_code, written(root)["tender"]) == (0, {"kind": "zvt", "uri": TERMINAL}), done.output


def test_an_unfinished_setup_leaves_the_terminal_that_nobody_named(hub: PaperHub, root: Path) -> None:
    first(hub, root, "--terminal", "10.0.0.9")
    machine = ThisMachine(root)
    before = decided_before(machine)
    assert before is not None
    keep_state(machine, Unfinished(before))
    assert run(root, "--port", "9000").exit_code == 0
    assert written(root)["tender"] == {"kind": "zvt", "uri": TERMINAL}


def test_devices_that_are_said_to_be_none_are_not_those_of_before() -> None:
    assert Answers(peripheral=()).over(Answers(kind="mirror", terminal="none")).peripheral == ()


CLAIMS: dict[str, Callable[[str], str]] = {
    "as it was made": lambda text: text,
    "blanks around it": lambda text: f"  {text} \t",
    "a line end before it": lambda text: f"\n{text}\r\n",
    "lines of a letter": lambda text: "\n> ".join([text[:60], text[60:]]).replace("> ", "  "),
    "a byte order mark": lambda text: f"\ufeff{text}\n",
    "quotes": lambda text: f'"{text}"',
    "small letters before its point": lambda text: text.replace("OPOS1.", "opos1."),
    "zeros for letters": lambda text: text.replace("OPOS1.", "0P0S1."),
    "a letter for the one": lambda text: text.replace("OPOS1.", "OPOSl."),
}


@pytest.mark.parametrize("where", ["flag", "file", "stdin", "answers"])
@pytest.mark.parametrize("how", CLAIMS)
def test_a_claim_is_read_alike_wherever_it_comes_from(
    how: str, where: str, hub: PaperHub, root: Path, tmp_path: Path
) -> None:
    text, words, stdin = CLAIMS[how](claim_text(hub.claim())), [*READER], ""
    if where == "flag":
        words += ["--claim", text]
    elif where == "file":
        (tmp_path / "claim").write_text(text)
        words += ["--claim", f" {tmp_path / 'claim'} "]
    elif where == "stdin":
        stdin, words = text, [*words, "--claim", "-"]
    else:
        (tmp_path / "answers.toml").write_text(f"claim = {json.dumps(text)}\n", encoding="utf-8")
        words += ["--answers", str(tmp_path / "answers.toml")]
    done = run(root, *words, "--dry-run", stdin=stdin)
    assert done.exit_code == 0, done.output
    assert f'uri = "{URI}"' in done.stdout


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_claim_that_lost_its_capitals_is_told_so(change: Any, hub: PaperHub, root: Path) -> None:
    done = run(root, "--claim", change(claim_text(hub.claim())), *READER)
    assert done.exit_code == 2
    assert "has lost its capitals or its small letters" in done.stderr
    assert hub.asked == []


@pytest.mark.parametrize("claim", ["", "  ", "OPOS2.e30", "opos1.", "x" * 5000, "eyJodWIi" + "x" * 300])
def test_what_is_no_claim_is_a_sentence_also_for_an_object_that_needs_none(
    claim: str, hub: PaperHub, root: Path
) -> None:
    first(hub, root)
    done = run(root, "--claim", claim)
    assert done.exit_code == 2, done.output
    assert "copy all of it" in done.stderr


def test_answers_may_come_down_a_pipe(hub: PaperHub, root: Path, tmp_path: Path) -> None:
    (tmp_path / "claim").write_text(claim_text(hub.claim()))
    text = f'claim = "{tmp_path}/claim"\n[[peripheral]]\nrole = "reader"\nuri = "{URI}"\n'
    done = run(root, "--answers", "-", stdin=text)
    assert (done.exit_code, written(root)["object"]["id"]) == (0, "mirror-4"), done.output


def test_a_pipe_holds_the_answers_or_the_claim(root: Path) -> None:
    done = run(root, "--answers", "-", "--claim", "-", stdin='kind = "mirror"\n')
    assert (done.exit_code, "the answers come from stdin already" in done.stderr) == (2, True)


def test_two_scanners_on_a_command_line_are_told_apart(root: Path) -> None:
    scanners = [f"scanner=tcp:127.0.0.1:{port}?profile=serial-scanner" for port in (9, 10)]
    words = [word for each in scanners for word in ("--peripheral", each)]
    done = run(root, "--kind", "panel", *words, "--dry-run")
    assert done.exit_code == 0, done.output
    assert 'name = "scanner-2"' in done.stdout
