"""A training of which something is lost is over: the object sells, and nobody has to come for that."""

import signal
from contextlib import closing
from pathlib import Path

import pytest

from tests.object.real_hub import eventually
from tests.object.test_training_process import Panel


@pytest.mark.parametrize("left", [b"", b'{"documents": {}, "items"', None])
def test_an_object_sells_whose_training_has_lost_what_it_begins_with(
    tmp_path: Path, left: bytes | None
) -> None:
    with closing(Panel(tmp_path)) as panel:
        panel.trains("on")
        eventually(lambda: (panel.asked("/status") or {}).get("training") == "on", "it trains")
        panel.end(signal.SIGKILL)
        opening = panel.config.data_dir / "training" / "opening.json"
        opening.unlink()
        if left is not None:
            opening.write_bytes(left)
        panel.start()
        eventually(
            lambda: (panel.asked("/status") or {}).get("training") == "off", "it does not train any more"
        )
        panel.sell("house-account")
        assert panel.trains("on") == "on", "and it may train anew"
