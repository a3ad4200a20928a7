"""Run a scenario on a bench of its own, in a folder that is gone afterwards."""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.devices.device import RefusedError
from simulators.hand import ask
from simulators.layout import read_layout
from simulators.scenarios.listeners import Listener
from simulators.scenarios.script import Expect, Hand, Never, Scenario, Status, Step, Wait

START_S: Final = 20.0
FAREWELL_S: Final = 5.0
# A person who reads why a step failed wants the last few readings, not all of them.
SHOWN_MAX: Final = 5

Fields = dict[str, Any]


class Outcome(msgspec.Struct, frozen=True):
    """One step: `problem` is empty where it went as written."""

    step: int
    said: str
    took_ms: int
    problem: str = ""


class Run:
    """One run of one scenario."""

    def __init__(self, scenario: Scenario, told: Callable[[Outcome], None]) -> None:
        self._scenario = scenario
        self._told = told
        self._listeners: dict[str, Listener] = {}
        self._control = Path()

    async def go(self) -> list[Outcome]:
        """Do all steps; the first that fails is the last. RefusedError when the bench cannot start."""
        outcomes: list[Outcome] = []
        with tempfile.TemporaryDirectory(prefix="opos-scenario-") as folder:
            async with AsyncExitStack() as opened:
                status = await self._start(Path(folder), opened)
                await self._listen(status, opened)
                for number, step in enumerate(self._scenario.steps, 1):
                    began = time.monotonic()
                    problem = await self._do(step)
                    took_ms = round((time.monotonic() - began) * 1000)
                    outcomes.append(Outcome(number, str(step), took_ms, problem))
                    self._told(outcomes[-1])
                    if problem:
                        break
        return outcomes

    async def _start(self, folder: Path, opened: AsyncExitStack) -> Fields:
        """A bench with the scenario's devices, and nothing of yesterday on it."""
        layout = read_layout(self._scenario.bench)
        file = folder / "bench.toml"
        shutil.copyfile(self._scenario.bench, file)
        self._control = folder / layout.bench.control
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opos", "sim", "up", str(file), "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        opened.push_async_callback(_end, process)
        assert process.stdout is not None, "it was started with a pipe"
        assert process.stderr is not None, "it was started with a pipe"
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        if not line:
            raise RefusedError((await process.stderr.read()).decode(errors="replace").strip())
        status: Fields = json.loads(line)["status"]
        return status

    async def _listen(self, status: Fields, opened: AsyncExitStack) -> None:
        for name, uri in self._scenario.listen.items():
            if name not in status:
                raise RefusedError(f"{self._scenario.file}: listen: no device {name!r} stands on the bench")
            where = status[name]["at"][0].partition(":")[2]
            listener = Listener(uri.replace("{at}", where))
            opened.push_async_callback(listener.close)
            await listener.open()
            self._listeners[name] = listener

    async def _do(self, step: Step) -> str:
        match step:
            case Wait(ms=ms):
                await asyncio.sleep(ms / 1000)
                return ""
            case Hand(device=device, verb=verb, fields=fields):
                return await self._hand({"device": device, "verb": verb} | fields)
            case Status(device=device, fields=fields):
                return await self._status(device, fields)
            case Expect():
                return await self._expect(step)
            case Never():
                return await self._never(step)

    async def _hand(self, order: Fields) -> str:
        try:
            await asyncio.to_thread(ask, self._control, order)
        except RefusedError as error:
            return str(error)
        return ""

    async def _status(self, device: str, fields: Fields) -> str:
        try:
            answer = await asyncio.to_thread(ask, self._control, {"verb": "status", "device": device})
        except RefusedError as error:
            return str(error)
        status = answer["status"][device]
        wrong = {key: status.get(key) for key, value in fields.items() if status.get(key) != value}
        return f"it says {json.dumps(wrong, ensure_ascii=False)}" if wrong else ""

    async def _expect(self, step: Expect) -> str:
        listener = self._listeners[step.listener]
        found = await listener.next(lambda heard: _fits(heard, step.reading), step.within_ms / 1000)
        if found is not None:
            return ""
        heard = listener.since_last_step()[-SHOWN_MAX:]
        told = "; ".join(json.dumps(each, ensure_ascii=False) for each in heard) or "nothing"
        return f"not within {step.within_ms} ms; heard last: {told}" + _after(listener.trouble)

    async def _never(self, step: Never) -> str:
        await asyncio.sleep(step.for_ms / 1000)
        listener = self._listeners[step.listener]
        found = await listener.next(lambda heard: _fits(heard, step.reading), 0)
        told = json.dumps(found, ensure_ascii=False)
        return (f"heard {told}" if found else "") + _after(listener.trouble)


def _fits(heard: Fields, wanted: Fields) -> bool:
    return all(heard.get(key) == value for key, value in wanted.items())


def _after(trouble: str) -> str:
    return f" (the listener ended: {trouble})" if trouble else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(FAREWELL_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()


def run(scenario: Scenario, told: Callable[[Outcome], None]) -> list[Outcome]:
    """Run a scenario and say each step as it is done; RefusedError when it cannot begin."""
    return asyncio.run(Run(scenario, told).go())
