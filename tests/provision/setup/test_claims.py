"""A claim is read out of whatever holds one, and never waited for without an end."""

import io
import os
from pathlib import Path

import pytest

from edge.provision.setup import claims
from edge.provision.setup.answers import AnswersError
from edge.provision.setup.claims import claim_from


def test_a_pipe_into_which_nobody_writes_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_PIPE_S", 0.0)
    os.mkfifo(tmp_path / "claim")
    with pytest.raises(AnswersError, match="nobody has written it within"):
        claim_from(str(tmp_path / "claim"), io.StringIO())


def test_a_program_may_hand_it_over_by_a_pipe_of_its_own() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"OPOS1.no claim\n")
    os.close(theirs)
    with pytest.raises(AnswersError, match="claim") as refused:
        claim_from(f"/dev/fd/{ours}", io.StringIO())
    os.close(ours)
    assert "nobody has written" not in str(refused.value)


@pytest.mark.parametrize("what", ["/dev/zero", "/dev/null", "/", "/no/such"])
def test_what_holds_no_claim_is_refused_at_once(what: str) -> None:
    with pytest.raises(AnswersError):
        claim_from(what, io.StringIO())
