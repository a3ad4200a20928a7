"""Factory reset: nothing that the hub has not confirmed is lost by it, and nothing of the shop stays."""

import json
import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cloud_sync.contract.encoding import b64, unb64
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Genesis
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import Verifier
from edge.cli.object import object_
from edge.config import ObjectConfig, SealedKeySection, load
from edge.keys import load_signer
from edge.offline_queue.lanes import TelemetryLane
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader
from edge.offline_queue.set_aside import set_aside
from tests.agent.process_world import sale
from tests.object.enrolled import PaperClock, enrolled_in
from tests.object.paper_hub import PaperHub

CLOCK = PaperClock()


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    """An enrolled object that has sold three times: five entries wait for the hub."""
    config = enrolled_in(tmp_path / "mirror", PaperHub())
    write(config, lambda pen: pen.write([Order(sale(number), f"s{number}") for number in (1, 2, 3)]))
    (config.documents / "prices").mkdir(parents=True)
    TelemetryLane(config.telemetry).close()
    return config


def write(config: ObjectConfig, work: Callable[[Pen], object]) -> None:
    with closing(Pen(config.ledger, load_signer(config), config.object.id, CLOCK)) as pen:
        pen.begin("0.1.0")
        work(pen)


def confirm(pen: Pen) -> None:
    """The hub has everything."""
    digest = b64(pen._hash_of(pen.head))
    pen.acknowledge(Receipt(pen.dev, pen.epoch, pen.head, digest, 1, 0, 0), "a.b.c")


def file_of(config: ObjectConfig) -> Path:
    return config.data_dir.parent / "object.toml"


def reset(config: ObjectConfig, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(object_, ["reset", str(file_of(config)), *words])
    return done.exit_code, done.output


def everything_in(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*")}


def entries(config: ObjectConfig) -> int:
    with closing(LedgerReader(config.ledger)) as reader:
        return reader.head() - reader.acked()


def test_an_object_that_the_hub_knows_all_of_is_as_new(config: ObjectConfig) -> None:
    write(config, confirm)
    assert reset(config) == (0, "mirror-4 is reset: enrol it with a claim (`opos enroll`)\n")
    assert everything_in(file_of(config).parent) == set()


def test_unsynced_sales_are_counted_and_kept(config: ObjectConfig) -> None:
    before = everything_in(config.data_dir)
    code, output = reset(config)
    assert code == 1
    assert "mirror-4 has 5 entries that the hub has not confirmed" in output
    assert "sales of €3.00 are not at the hub" in output
    assert everything_in(config.data_dir) - before <= {"enrolment.lock"}
    lines = reset(config, "--json")[1].splitlines()
    said = json.loads(next(line for line in lines if line.startswith("{")))
    assert said["unsynced"]["entries"] == 5
    assert said["unsynced"]["value"] == {"EUR": 300}


@pytest.mark.parametrize("number", [0, 1, 4, 6, 300])
def test_who_resets_all_the_same_must_have_counted(config: ObjectConfig, number: int) -> None:
    code, output = reset(config, "--despite-unsynced", str(number))
    assert (code, entries(config)) == (1, 5)
    assert "with --despite-unsynced 5" in output


def test_what_was_counted_is_written_down_as_jws_before_it_goes(config: ObjectConfig, tmp_path: Path) -> None:
    public = load_signer(config).public
    code, output = reset(config, "--despite-unsynced", "5", "--keep-in", str(tmp_path / "stick"))
    assert code == 0, output
    assert everything_in(file_of(config).parent) == set()
    (ledger,) = (tmp_path / "stick").glob("mirror-4-*.jws")
    lines = ledger.read_text().splitlines()
    assert len(lines) == 5
    bodies = []
    for line in lines:
        signing_input, _, signature = line.rpartition(".")
        Verifier(public).check(signing_input.encode(), unb64(signature))
        bodies.append(decode_body(unb64(signing_input.partition(".")[2])))
    assert isinstance(bodies[0].fact, Genesis)
    assert bodies[0].fact.key == public
    assert (tmp_path / "stick" / "mirror-4.certificate.jws").exists()


def test_ledgers_that_were_set_aside_count_and_are_written_down_too(config: ObjectConfig) -> None:
    set_aside(config.ledger, "behind-the-hub", "the card was rolled back")
    write(config, lambda pen: pen.write([Order(sale(9), "s9")]))
    with closing(LedgerReader(config.ledger)) as reader:
        now = reader.head()
    code, output = reset(config)
    assert f"has {5 + now} entries" in output
    code, output = reset(config, "--despite-unsynced", str(5 + now))
    assert code == 0, output
    kept = file_of(config).parent / "kept"
    assert sorted(len(path.read_text().splitlines()) for path in kept.glob("mirror-4-*.jws")) == [5, now]


def test_a_ledger_that_nobody_can_read_is_never_thrown_away(config: ObjectConfig) -> None:
    write(config, confirm)
    config.ledger.write_bytes(b"\x00" * 4096)
    code, output = reset(config)
    assert code == 1
    assert f"ledgers that cannot be read: {config.ledger}" in output
    code, output = reset(config, "--despite-unsynced", "0")
    assert code == 0, output
    kept = file_of(config).parent / "kept" / "mirror-4-damaged-1.db"
    assert kept.read_bytes() == b"\x00" * 4096
    assert kept.with_name("mirror-4-damaged-1.db-wal").exists()


def test_an_object_that_runs_is_not_reset(config: ObjectConfig) -> None:
    write(config, confirm)
    with closing(Pen(config.ledger, load_signer(config), config.object.id, CLOCK)):
        code, output = reset(config)
    assert code == 1
    assert "stop the object first" in output
    assert load(file_of(config)).object.id == "mirror-4"


def test_data_beside_other_files_is_not_touched(config: ObjectConfig) -> None:
    file = file_of(config)
    file.write_text(file.read_text().replace("[object]", '[object]\ndata = "."'))
    code, output = reset(config)
    assert code == 1
    assert "where other files are" in output


def test_what_is_to_be_kept_is_not_written_where_all_goes(config: ObjectConfig) -> None:
    code, output = reset(config, "--despite-unsynced", "5", "--keep-in", str(config.data_dir / "kept"))
    assert (code, entries(config)) == (1, 5)
    assert "keep it elsewhere" in output


def test_what_was_sold_after_a_reset_that_was_cut_short_is_counted_again(config: ObjectConfig) -> None:
    (config.data_dir / "reset.json").write_text("{}")
    code, output = reset(config)
    assert code == 1
    assert "has 5 entries" in output


def test_what_seals_the_key_is_the_installers_and_stays(tmp_path: Path) -> None:
    secret = tmp_path / "vault" / "object.key.secret"
    secret.parent.mkdir()
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    source = SealedKeySection(file=str(secret.with_name("object.key")), secret=str(secret))
    config = enrolled_in(tmp_path / "mirror", PaperHub(), source)
    assert reset(config) == (0, "mirror-4 is reset: enrol it with a claim (`opos enroll`)\n")
    assert everything_in(secret.parent) == {"object.key.secret"}


def test_a_trust_file_that_several_objects_share_stays(config: ObjectConfig) -> None:
    write(config, confirm)
    file = file_of(config)
    shared = file.parent.parent / "trust.json"
    (file.parent / "trust.json").rename(shared)
    file.write_text(file.read_text().replace("[object]", '[object]\ntrust = "../trust.json"'))
    assert reset(config)[0] == 0
    assert shared.exists()


class PowerCutError(BaseException):
    """The machine is off: nothing that would clean up comes after it."""


def cut(patch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Cut the power before the `step`-th file is synced, named or removed."""
    steps: list[int] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            steps.append(len(steps) + 1)
            if steps[-1] == step:
                raise PowerCutError
            return real(*arguments, **named)

        return call

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (os, "unlink"), (os, "rmdir")):
        patch.setattr(owner, name, counted(getattr(owner, name)))
    return steps


def test_a_power_cut_at_any_step_is_gone_on_from_by_the_same_command(tmp_path: Path) -> None:
    step, was_cut = -1, True
    while was_cut:
        step += 2  # every other one: a ledger with its log takes its time to make
        config = enrolled_in(tmp_path / f"m{step}", PaperHub())
        write(config, lambda pen: pen.write([Order(sale(1), "s1")]))
        words = ("--despite-unsynced", "3", "--keep-in", str(tmp_path / f"k{step}"))
        with pytest.MonkeyPatch.context() as patch:
            steps = cut(patch, step)
            with suppress(PowerCutError):
                reset(config, *words)
            was_cut = len(steps) >= step
        if file_of(config).exists():
            code, output = reset(config, *words)
            assert code == 0, (step, output)
        assert everything_in(tmp_path / f"m{step}") <= {"data", "data/enrolment.lock"}, f"step {step}"
        (ledger,) = (tmp_path / f"k{step}").glob("mirror-4-*.jws")
        assert len(ledger.read_text().splitlines()) == 3
    assert step > 20
