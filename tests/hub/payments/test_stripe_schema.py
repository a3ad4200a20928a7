"""What the simulated Stripe is asked and answers is as Stripe's own OpenAPI description has it."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest

from cloud_sync.hub.payments.stripe_terminal import StripeTerminal, connected
from cloud_sync.hub.requests.provider import Attempt
from simulators.providers.cloud import Answered, Asked
from simulators.providers.stripe import StripeCloud

DATA = Path(os.environ.get("OPOS_DATA", "../shared/data")) / "payments" / "stripe"
OPENAPI = DATA / "openapi_subset_2023-09-12.json"
Json = Any

pytestmark = pytest.mark.skipif(not OPENAPI.exists(), reason=f"{OPENAPI} is not here")


@pytest.fixture(scope="module")
def api() -> Json:
    """The description, its OpenAPI words said in JSON Schema's."""
    return in_json_schema(json.loads(OPENAPI.read_text("utf-8")))


def in_json_schema(node: Json) -> Json:
    if isinstance(node, list):
        return [in_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: in_json_schema(value) for name, value in node.items() if name != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") is True else made


class Listener(StripeCloud):
    """The cloud, and all that was asked and answered."""

    def __init__(self) -> None:
        super().__init__("tmr_1", now_s=lambda: 1_750_000_000)
        self.said: list[tuple[Asked, Answered]] = []

    def answer(self, asked: Asked) -> Answered:
        said = super().answer(asked)
        self.said.append((asked, said))
        return said


@pytest.fixture
def cloud() -> Iterator[Listener]:
    with Listener() as running:
        assert isinstance(running, Listener)
        yield running


def path_of(api: Json, route: str) -> str:
    patterns = {re.sub(r"\{\w+\}", "[^/]+", path): path for path in api["paths"]}
    exact = [path for pattern, path in patterns.items() if re.fullmatch(pattern, route)]
    return str(min(exact, key=lambda path: path.count("{")))


def check(api: Json, asked: Asked, said: Answered) -> None:
    """Both sides of one question by the description of its path."""
    verb = api["paths"][path_of(api, asked.route)][asked.method.lower()]
    answers = verb["responses"]
    schema = answers.get(str(said.status), answers["default"])["content"]["application/json"]["schema"]
    valid(api, schema, json.loads(said.body))
    if asked.method == "POST":
        form = verb["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        names = {name.partition("[")[0] for name, _ in parse_qsl(asked.body.decode())}
        assert names <= set(form["properties"])
        assert set(form.get("required", ())) <= names
    else:
        known = {each["name"] for each in verb.get("parameters", ())}
        assert {name.partition("[")[0] for name, _ in parse_qsl(urlsplit(asked.path).query)} <= known


def valid(api: Json, schema: Json, thing: Json) -> None:
    whole = {**schema, "components": api["components"]}
    jsonschema.Draft7Validator(whole).validate(thing)


@pytest.mark.parametrize("holds", [False, True])
def test_a_day_at_the_reader_is_as_the_description_has_it(api: Json, cloud: Listener, holds: bool) -> None:
    client = connected("sk_test_paper", cloud.url)
    terminal = StripeTerminal(client, {"mirror-4": "tmr_1"}, lambda: 1_750_000_000_000, holds=holds)

    def attempt(number: int, reference: str = "") -> Attempt:
        name = f"attempt-number-{number}"
        return Attempt(name, "mirror-4", "stripe", 3450, "EUR", reference, 1_750_000_000_000)

    terminal.start(attempt(1), "")
    terminal.query(attempt(1))
    cloud.tap("tmr_1")
    reference = terminal.query(attempt(1)).reference
    terminal.capture(attempt(1, reference))
    assert terminal.refund(attempt(1, reference), "refund-1", 1000).outcome == "refunded"
    terminal.refund(attempt(1, reference), "refund-2", 9999)
    terminal.start(attempt(2), "")
    cloud.decline("tmr_1")
    assert terminal.query(attempt(2)).outcome == "declined"
    terminal.start(attempt(3), "")
    assert terminal.cancel(attempt(3)).outcome == "cancelled"
    client.v1.events.list()

    assert len(cloud.said) > 15
    assert {asked.headers["stripe-version"] for asked, _ in cloud.said} == {api["info"]["version"]}
    for asked, said in cloud.said:
        check(api, asked, said)
    for event in cloud.books.events:
        valid(api, api["components"]["schemas"]["event"], event)
