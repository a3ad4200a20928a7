"""An object that is looked for shows itself: by a page where its glass is free, by a lamp of its board."""

import http.client
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from edge.provision.glass import HOST, PageGlass, bench_page
from edge.provision.identify import AwayError, blinking, lamp, show_name
from tests.object.real_hub import free_port


def _board(folder: Path, *names: str, trigger: str = "none [mmc0] timer") -> Path:
    """The lamps of a board, as the kernel shows them."""
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "trigger").write_text(trigger)
        (folder / name / "brightness").write_text("1")
    return folder


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["ACT", "PWR", "mmc0::"], "ACT"),
        (["PWR", "led0"], "led0"),
        (["green:user", "red:power"], "green:user"),
        (["rock:status", "input3::capslock"], "rock:status"),
        (["PWR"], "PWR"),
        (["input3::capslock", "phy0-led"], None),
    ],
)
def test_the_lamp_is_one_that_software_may_have(tmp_path: Path, names: list[str], chosen: str | None) -> None:
    found = lamp(_board(tmp_path, *names))
    assert (None if found is None else found.name) == chosen


def test_a_machine_without_lamps_has_none(tmp_path: Path) -> None:
    assert lamp(tmp_path / "leds") is None


def test_a_lamp_blinks_and_then_does_what_it_did_before(tmp_path: Path) -> None:
    led = _board(tmp_path, "ACT") / "ACT"
    with blinking(led):
        assert [(led / name).read_text() for name in ("trigger", "delay_on")] == ["timer", "250"]
    assert (led / "trigger").read_text() == "mmc0"


def test_a_lamp_that_was_lit_by_nothing_is_as_bright_as_before(tmp_path: Path) -> None:
    led = _board(tmp_path, "ACT", trigger="[none] mmc0 timer") / "ACT"
    with blinking(led):
        (led / "brightness").write_text("0")
    assert [(led / name).read_text() for name in ("trigger", "brightness")] == ["none", "1"]


def test_a_lamp_that_does_not_take_our_rhythm_does_what_it_did_before(tmp_path: Path) -> None:
    led = _board(tmp_path, "ACT") / "ACT"
    (led / "delay_on").mkdir()
    with pytest.raises(IsADirectoryError), blinking(led):
        pytest.fail("it blinked")
    assert (led / "trigger").read_text() == "mmc0"


def test_an_object_that_does_not_run_answers_nobody(tmp_path: Path) -> None:
    with pytest.raises(AwayError, match="no runtime"):
        show_name(tmp_path / "journal.sock", 5)


def test_a_page_of_the_bench_escapes_the_name_and_brings_the_objects_own_page_over() -> None:
    port = free_port()
    with closing(PageGlass(port, bench_page("name", "<Mirror> & Co", "Here it is.", "mirror-1"))):
        page = httpx.get(f"http://{HOST}:{port}/").text
        stream = httpx.get(f"http://{HOST}:{port}/events")
        style = httpx.get(f"http://{HOST}:{port}/static/bench.css")
    assert "&lt;Mirror&gt; &amp; Co" in page
    assert 'class="name"' in page
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert 'data-build="bench"' in stream.text
    assert style.status_code == http.client.OK
