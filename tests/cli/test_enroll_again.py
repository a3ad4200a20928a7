"""`opos enroll` on an object that is enrolled: flags that a claim does not change are told, not swallowed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cloud_sync.contract.enrolment import claim_text
from edge.cli.enroll import enroll
from tests.object.paper_hub import PaperHub
from tests.object.real_hub import free_port

URI = "tcp:127.0.0.1:9?profile=r200"


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    """Where the object lives, and what of it was said when it was enrolled."""
    where = ("--dir", str(tmp_path / "mirror"), "--wait-s", "1")
    return *where, "--port", str(free_port()), "--peripheral", f"reader={URI}", "--account", "a7Kx"


def run(*words: str) -> Result:
    done = CliRunner().invoke(enroll, [*words])
    assert done.exit_code == 0, done.output
    return done


def test_the_same_command_once_more_has_nothing_to_tell(hub: PaperHub, words: tuple[str, ...]) -> None:
    run(claim_text(hub.claim()), *words)
    said = json.loads(run(claim_text(hub.claim()), *words, "--json").stdout)
    assert (said["state"], said["unused"]) == ("already", [])


@pytest.mark.parametrize("claim", ["", "another-claim"])
def test_what_no_claim_changes_is_named_with_the_file_that_does(
    claim: str, hub: PaperHub, words: tuple[str, ...], tmp_path: Path
) -> None:
    run(claim_text(hub.claim()), *words)
    before = (tmp_path / "mirror/object.toml").read_bytes()
    text = claim_text(hub.claim(id=claim) if claim else hub.claim())
    other = ("--port", "9000", "--account", "b8", "--peripheral", "reader=tcp:127.0.0.1:10?profile=r200")
    done = run(text, *words[:4], *other, "--data", str(tmp_path / "elsewhere"), "--tpm", "0x81010001")
    assert "--port, --peripheral, --account, --data, --secret, --tpm: it has its file already" in done.stderr
    assert f"edit {tmp_path}/mirror/object.toml" in done.stderr
    assert (tmp_path / "mirror/object.toml").read_bytes() == before


def test_a_claim_may_lie_in_a_file(hub: PaperHub, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "claim").write_text(f"\n {claim_text(hub.claim())}\r\n")
    assert "mirror-4 is enrolled" in run(str(tmp_path / "claim"), *words).stdout


@pytest.mark.parametrize("account", ["", "the shop"])
def test_what_no_account_is_called_is_wrong_usage(account: str, hub: PaperHub, tmp_path: Path) -> None:
    words = [claim_text(hub.claim()), "--dir", str(tmp_path / "mirror"), "--account", account]
    done = CliRunner().invoke(enroll, words)
    assert (done.exit_code, "account: expected a pseudonym" in done.stderr, hub.asked) == (2, True, [])
