"""A reset leaves nothing of the shop beside the object's file, and what it writes down is for few eyes."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.object import object_
from edge.config import ObjectConfig
from edge.offline_queue.pen import Order
from tests.agent.process_world import sale
from tests.object.enrolled import enrolled_in
from tests.object.paper_hub import PaperHub
from tests.object.test_reset import write


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    """An enrolled object with one sale that waits for the hub."""
    config = enrolled_in(tmp_path / "mirror", PaperHub())
    write(config, lambda pen: pen.write([Order(sale(1), "s1")]))
    return config


def test_what_its_file_was_at_other_times_goes_with_it(config: ObjectConfig, tmp_path: Path) -> None:
    file, kept = config.data_dir.parent / "object.toml", tmp_path / "stick"
    for name in ("before", "wrong", "new"):
        file.with_name(f"object.toml.{name}").write_text(file.read_text())
    words = ["reset", str(file), "--despite-unsynced", "3", "--keep-in", str(kept)]
    done = CliRunner().invoke(object_, words)
    assert done.exit_code == 0, done.output
    assert [*file.parent.iterdir()] == []
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in kept.glob("*.jws") if "cert" not in path.name
    }
    assert {*modes.values()} == {0o600}, modes
