"""An object gets another key: the journal names it, no power cut loses it, the old one is kept a while."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import KeyRotated
from cloud_sync.contract.signing import Verifier
from edge.checkout.books import ShopProjection
from edge.cli.object import object_
from edge.config import ObjectConfig, without_trust
from edge.keys import forget_key, hand_over, load_signer, make_key, next_key, seal_key, signer_for, signers
from edge.offline_queue.integrity import Problem, full_check
from edge.offline_queue.outcomes import JournalDamagedError
from edge.offline_queue.pen import Pen
from edge.offline_queue.reader import LedgerReader
from edge.offline_queue.set_aside import set_aside
from edge.offline_queue.standing import signing_kid
from edge.provision.rotate import RotationRefusedError, rotate
from tests.object.enrolled import PaperClock
from tests.object.test_config import GOOD, write

CLOCK = PaperClock()


@contextmanager
def pen_of(config: ObjectConfig) -> Iterator[Pen]:
    signer = signer_for(config, signing_kid(config.ledger))
    with closing(Pen(config.ledger, signer, config.object.id, CLOCK, [ShopProjection()])) as pen:
        yield pen


def begun(config: ObjectConfig) -> ObjectConfig:
    """An object that has run once."""
    make_key(config)
    with pen_of(config) as pen:
        pen.begin("0.1.0")
    return config


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    return begun(without_trust(write(tmp_path)))


def problems(config: ObjectConfig) -> list[Problem]:
    with closing(LedgerReader(config.ledger)) as reader:
        return [each for each in full_check(reader) if isinstance(each, Problem)]


def test_the_old_key_names_the_new_one_which_signs_from_there_on(config: ObjectConfig) -> None:
    before = load_signer(config).public
    done = rotate(config, CLOCK)
    after = load_signer(config).public
    assert (done.before, done.kid) == (before.kid, after.kid)
    assert before != after
    with pen_of(config) as pen:
        pen.begin("0.1.0")
    with closing(LedgerReader(config.ledger)) as reader:
        entries = list(reader.entries())
    assert [entry.kid for entry in entries] == [before.kid] * done.seq + [after.kid] * (
        len(entries) - done.seq
    )
    fact = decode_body(entries[done.seq - 1].body).fact
    assert isinstance(fact, KeyRotated)
    assert fact.key == after
    assert problems(config) == []


def test_what_the_old_key_signed_can_still_be_sent(config: ObjectConfig) -> None:
    kids = {load_signer(config).public.kid}
    for _ in range(3):
        kids.add(rotate(config, CLOCK).kid)
    found = signers(config)
    assert found.keys() == kids
    for kid, signer in found.items():
        assert signer.public.kid == kid
        Verifier(signer.public).check(b"a batch", signer.sign(b"a batch"))


def test_a_key_is_forgotten_once_nobody_can_ask_for_what_it_signed(config: ObjectConfig) -> None:
    done = rotate(config, CLOCK)
    forget_key(config, done.kid)  # the present one never goes
    forget_key(config, done.before)
    forget_key(config, done.before)
    assert signers(config).keys() == {done.kid}
    assert load_signer(config).public.kid == done.kid


class PowerCutError(BaseException):
    """The machine is off: nothing that would clean up comes after it."""


def cut(patch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Cut the power at the `step`-th sync, rename or link."""
    steps: list[int] = []

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            steps.append(len(steps) + 1)
            if steps[-1] == step:
                raise PowerCutError
            return real(*arguments)

        return call

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "hardlink_to")):
        patch.setattr(owner, name, counted(getattr(owner, name)))
    return steps


def test_a_power_cut_at_any_step_loses_no_key(tmp_path: Path) -> None:
    step, was_cut = 0, True
    while was_cut:
        step += 1
        directory = tmp_path / str(step)
        directory.mkdir()
        config = begun(without_trust(write(directory)))
        before = load_signer(config).public.kid
        with pytest.MonkeyPatch.context() as patch:
            steps = cut(patch, step)
            with suppress(PowerCutError):
                rotate(config, CLOCK)
            was_cut = len(steps) >= step
        with pen_of(config) as pen:  # the next start finds the key that the journal goes on with
            pen.begin("0.1.0")
        assert {before, signing_kid(config.ledger)} <= signers(config).keys(), f"step {step}"
        assert problems(config) == []
    assert step > 6


def test_a_ledger_whose_end_cannot_be_read_gets_no_other_key(config: ObjectConfig) -> None:
    with closing(apsw.Connection(str(config.ledger))) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{trigger}"')
        db.execute("UPDATE entry SET body = x'ff'")
    with pytest.raises(JournalDamagedError, match="its end cannot be read"):
        signing_kid(config.ledger)
    with pytest.raises(RotationRefusedError, match="its end cannot be read"):
        rotate(config, CLOCK)


def test_a_rotation_that_a_power_cut_stopped_is_finished_and_not_begun_again(config: ObjectConfig) -> None:
    before = load_signer(config).public.kid
    with pen_of(config) as pen:
        entry = pen.rotate(next_key(config)).entry  # and then the power went
    done = rotate(config, CLOCK)
    assert (done.before, done.seq) == (before, entry.seq)
    assert done.kid == load_signer(config).public.kid != before


def test_the_next_key_is_made_once(config: ObjectConfig) -> None:
    assert next_key(config).public == next_key(config).public
    assert load_signer(config).public != next_key(config).public
    new = next_key(config).public
    assert hand_over(config).public == hand_over(config).public == new


def test_a_sealed_key_is_followed_by_a_sealed_one_and_a_plain_one_before_it_stays_readable(
    tmp_path: Path,
) -> None:
    config = begun(without_trust(write(tmp_path)))
    plain = rotate(config, CLOCK)
    (tmp_path / "key.secret").write_bytes(bytes(range(32)))
    (tmp_path / "key.secret").chmod(0o600)
    sealed = without_trust(write(tmp_path, GOOD + '[key]\nkind = "sealed-file"\nsecret = "key.secret"\n'))
    seal_key(sealed)
    done = rotate(sealed, CLOCK)
    assert sealed.key.read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    assert load_signer(sealed).tier == "sealed-file"
    assert signers(sealed).keys() == {plain.before, done.before, done.kid}


def test_an_object_that_has_not_begun_has_nothing_to_hand_over(tmp_path: Path) -> None:
    config = without_trust(write(tmp_path))
    make_key(config)
    with pytest.raises(RotationRefusedError, match="the journal has not begun"):
        rotate(config, CLOCK)


def test_a_ledger_that_was_set_aside_is_not_written(config: ObjectConfig) -> None:
    set_aside(config.ledger, "damaged", "a flipped bit")
    with pytest.raises(RotationRefusedError, match=r"it was set aside \(damaged\)"):
        rotate(config, CLOCK)


def test_an_object_that_runs_keeps_its_key(config: ObjectConfig) -> None:
    before = load_signer(config).public
    with pen_of(config):
        done = CliRunner().invoke(object_, ["rotate", str(config.data_dir.parent / "object.toml")])
    assert done.exit_code == 1
    assert "stop the object first" in done.output
    assert load_signer(config).public == before


def test_the_command_says_from_where_on_the_new_key_signs(config: ObjectConfig) -> None:
    file = str(config.data_dir.parent / "object.toml")
    before = load_signer(config).public.kid
    said = json.loads(CliRunner().invoke(object_, ["rotate", file, "--json"]).output)
    assert said == {"object": "mirror-4", "before": before, "kid": load_signer(config).public.kid, "seq": 3}
    assert "signs with key" in CliRunner().invoke(object_, ["rotate", file]).output
