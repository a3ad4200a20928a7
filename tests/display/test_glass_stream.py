"""The stream of screens: the latest state wins, and a watcher that is slow or gone holds nobody up."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import pytest

from edge.checkout.state import Stage, State
from edge.display import stream
from edge.display.stream import RETRY, Stream, Watchers, event
from tests.display.scripted_till import ScriptedTill


def state(number: int) -> State:
    return State(number, Stage.IDLE, online=True, language="en", languages=("en",))


class Scene:
    """A till, and watchers who are shown the number of its state."""

    def __init__(self) -> None:
        self.till = ScriptedTill(state(1))
        self.watchers = Watchers(
            self.till.subscribe, lambda: f"screen {self.till.state.number}", lambda: "14:32"
        )


def play(act: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def within_a_deadline() -> None:
        async with asyncio.timeout(20):
            await act(Scene())

    asyncio.run(within_a_deadline())


async def heard(events: AsyncGenerator[bytes], count: int) -> list[bytes]:
    return [await anext(events) for _ in range(count)]


def test_a_new_watcher_hears_when_to_come_back_the_screen_and_the_time() -> None:
    async def act(scene: Scene) -> None:
        events = scene.watchers.events()
        assert await heard(events, 3) == [RETRY, event("screen", "screen 1"), event("beat", "14:32")]
        await events.aclose()

    play(act)


def test_a_change_is_told_at_once() -> None:
    async def act(scene: Scene) -> None:
        events = scene.watchers.events()
        await heard(events, 3)
        next_event = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        scene.till.become(state(2))
        assert await next_event == event("screen", "screen 2")
        await events.aclose()

    play(act)


def test_of_a_thousand_changes_a_slow_watcher_is_shown_the_last() -> None:
    async def act(scene: Scene) -> None:
        events = scene.watchers.events()
        await heard(events, 3)
        for number in range(2, 1002):
            scene.till.become(state(number))
        assert await heard(events, 2) == [event("screen", "screen 1001"), event("beat", "14:32")]
        assert len(scene.till.bells) == 1
        await events.aclose()

    play(act)


def test_without_a_change_the_stream_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.001)

    async def act(scene: Scene) -> None:
        events = scene.watchers.events()
        await heard(events, 3)
        assert await heard(events, 2) == [event("beat", "14:32")] * 2
        await events.aclose()

    play(act)


def test_who_leaves_is_forgotten() -> None:
    async def act(scene: Scene) -> None:
        events = scene.watchers.events()
        await heard(events, 1)
        assert len(scene.till.bells) == 1
        await events.aclose()
        assert scene.till.bells == []
        assert not scene.watchers.full

    play(act)


class Browser:
    """The far end of one stream, as ASGI sees it: `reads` False takes nothing off the wire."""

    def __init__(self, *, reads: bool) -> None:
        self.messages: list[Any] = []
        self._reads = reads
        self.connected = asyncio.Event()
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, str]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)
        self.connected.set()
        if not self._reads and message["type"] == "http.response.body":
            await asyncio.Event().wait()


@pytest.mark.parametrize("reads", [True, False])
def test_a_browser_that_goes_away_ends_its_stream(reads: bool) -> None:
    async def act(scene: Scene) -> None:
        browser = Browser(reads=reads)
        talk = asyncio.create_task(Stream(scene.watchers)({"type": "http"}, browser.receive, browser.send))
        await browser.connected.wait()
        browser.left.set()
        await talk
        assert scene.till.bells == []

    play(act)


def test_a_browser_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PATIENCE_SECONDS", 0.001)

    async def act(scene: Scene) -> None:
        browser = Browser(reads=False)
        await Stream(scene.watchers)({"type": "http"}, browser.receive, browser.send)
        assert scene.till.bells == []

    play(act)


def test_when_the_runtime_stops_every_stream_ends_whole() -> None:
    async def act(scene: Scene) -> None:
        browsers = [Browser(reads=True) for _ in range(3)]
        talks = [
            asyncio.create_task(Stream(scene.watchers)({"type": "http"}, each.receive, each.send))
            for each in browsers
        ]
        await asyncio.gather(*(each.connected.wait() for each in browsers))
        scene.watchers.close()
        await asyncio.gather(*talks)
        assert [each.messages[-1]["more_body"] for each in browsers] == [False] * 3
        assert scene.till.bells == []

    play(act)


def test_a_screen_that_cannot_be_painted_is_an_error_and_no_silence() -> None:
    async def act(scene: Scene) -> None:
        def broken() -> str:
            raise KeyError("no such template")

        browser = Browser(reads=True)
        watchers = Watchers(scene.till.subscribe, broken, lambda: "")
        with pytest.raises(KeyError):
            await Stream(watchers)({"type": "http"}, browser.receive, browser.send)
        assert scene.till.bells == []

    play(act)


LINES = [
    ("one", b"event: screen\ndata: one\n\n"),
    ("one\ntwo", b"event: screen\ndata: one\ndata: two\n\n"),
    ("one\r\ntwo\rthree", b"event: screen\ndata: one\ndata: two\ndata: three\n\n"),
    ("", b"event: screen\ndata: \n\n"),
]


@pytest.mark.parametrize(("text", "wire"), LINES)
def test_an_event_keeps_its_lines_and_cannot_be_split_by_its_text(text: str, wire: bytes) -> None:
    assert event("screen", text) == wire
