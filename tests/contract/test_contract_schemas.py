"""The JSON Schemas: made from the types, true of every vector, and not true of what is nearly one."""

import json
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from jsonschema import Draft202012Validator

from cloud_sync.contract.batch import Header
from cloud_sync.contract.encoding import encode, unb64
from cloud_sync.contract.entry import read_entry
from cloud_sync.contract.json_schema import Schema
from cloud_sync.contract.schemas import FOLDER, TYPES, main, schemas
from edge.offline_queue.export import FORMS
from retail.pricing.book import PriceBook
from retail.pricing.changes import changes_between
from retail.pricing.promotions import Percent, Promotion, Promotions
from retail.units import INTEGER_MAX
from tests.contract.test_contract_vectors import BATCHES, CHAIN, ENTRIES, LINE, REFUSED, SEALED
from tests.long_form import one_of

SCHEMAS: Final = schemas()
VALIDATORS: Final = {name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()}


def payloads(typ: str) -> list[Any]:
    return [json.loads(word["payload"]) for word in SEALED["words"] if word["typ"] == typ]


def header_as_json(told: dict[str, Any]) -> list[Any]:
    """A batch's header as msgspec writes it in JSON: a list, in base64 what is bytes on the wire."""
    bytes_ = {name: unb64(told[name]) for name in ("prev", "head")}
    listed: list[Any] = json.loads(msgspec.json.encode(Header(**{**told, **bytes_})))
    return listed


OLD: Final = msgspec.json.decode(SEALED["documents"]["prices"], type=PriceBook)
NEW: Final = msgspec.structs.replace(OLD, taxes={**OLD.taxes, "none": 0}, products=OLD.products[:1])
OFFERS: Final = Promotions(
    "corner", "EUR", "Europe/Berlin", (Promotion("tenth", {"en": "A tenth off"}, Percent(1_000)),)
)
BODIES: Final = [json.loads(entry["body"]) for entry in ENTRIES]
INSTANCES: Final[dict[str, list[Any]]] = {
    "claim": [json.loads(LINE["claim"]["payload"])],
    "batch-header": [header_as_json(frame["header"]) for frame in BATCHES["frames"]],
    "certified-key": payloads("opos-key"),
    "deliveries": [json.loads(SEALED["documents"]["deliveries"])],
    "enrolment-asked": payloads("opos-enrolment"),
    "enrolment-said": [json.loads(said) for said in LINE["enrolments"]],
    "entry-body": BODIES,
    "keyring": payloads("opos-keys"),
    "ledger-line": [json.loads(FORMS["jsonl"].line(read_entry(entry["jws"]))) for entry in ENTRIES],
    "manifest": payloads("opos-manifest"),
    "object-state": [json.loads(state) for state in LINE["states"]],
    "order": payloads("opos-command"),
    "posting": [posting for body in BODIES for posting in body["fact"].get("postings", ())],
    "prices": [json.loads(SEALED["documents"]["prices"])],
    "prices-changes": [json.loads(encode(changes_between(OLD, "0" * 64, NEW)))],
    "promotions": [json.loads(encode(OFFERS))],
    "receipt": payloads("opos-receipt"),
    "reply": payloads("opos-reply"),
    "request": payloads("opos-request"),
    "telemetry-piece": [json.loads(LINE["telemetry"])],
}


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_one_and_says_whose_it_is(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"] == f"urn:opos:contract:1:{name}"
    for part in [schema, *schema.get("$defs", {}).values()]:
        assert part["title"]
        assert part["description"].endswith((".", "`.", ")."))


def test_the_files_are_what_the_types_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err
    assert {path.stem for path in FOLDER.iterdir()} == set(TYPES)


def _changed(folder: Path) -> None:
    (folder / "receipt.json").write_text("{}")


def _lost(folder: Path) -> None:
    (folder / "receipt.json").unlink()


def _left_over(folder: Path) -> None:
    (folder / "receipt.json").rename(folder / "voucher.json")


@pytest.mark.parametrize(
    ("happen", "named"),
    [(_changed, "receipt.json"), (_lost, "receipt.json"), (_left_over, "receipt.json, voucher.json")],
)
def test_a_file_that_is_stale_is_named_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], happen: Callable[[Path], None], named: str
) -> None:
    folder = tmp_path / "schemas"
    words = ["--folder", str(folder)]
    assert main(["--write", *words]) == 0
    assert main(["--check", *words]) == 0
    happen(folder)
    assert main(["--check", *words]) == 1
    assert f": {named}: not what the types say" in capsys.readouterr().err
    assert main(["--write", *words]) == 0
    assert main(["--check", *words]) == 0


def test_the_command_is_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["schemas", "--check"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(FOLDER.with_suffix(".py")), run_name="__main__")
    assert left.value.code == 0


@pytest.mark.parametrize("name", TYPES)
def test_every_vector_is_what_its_schema_says(name: str) -> None:
    assert INSTANCES[name]
    for instance in INSTANCES[name]:
        VALIDATORS[name].validate(instance)


@pytest.mark.parametrize("name", TYPES)
def test_what_is_nearly_a_vector_is_not_what_its_schema_says(name: str) -> None:
    for instance in INSTANCES[name]:
        for what, wrong in one_of(4, [*near_misses(SCHEMAS[name], instance)]):
            assert not VALIDATORS[name].is_valid(wrong), f"{what} in {instance}"


def near_misses(schema: Schema, instance: Any) -> Iterator[tuple[str, Any]]:
    """`instance` with one thing in it replaced or left out, and what that was."""
    yield "something else", "text"
    for path, value in leaves(instance):
        for other in others(value):
            yield f"{other!r} at {path}", replaced(instance, path, other)
    if isinstance(instance, dict):
        for member in schema["required"]:
            yield f"no {member}", {key: value for key, value in instance.items() if key != member}
        yield "members of another name", {f"{key}_": value for key, value in instance.items()}
    else:
        yield "one place less", instance[:-1]


def others(value: Any) -> list[Any]:
    """What must not stand where `value` does."""
    match value:
        case bool():
            return [0, "true"]
        case int():
            return [value + 0.5, str(value), INTEGER_MAX + 1, -INTEGER_MAX - 1, True]
        case str():
            return [7, None, [value]]
        case None:
            return [[]]
        case _:
            return ["text", 7]


Path_ = tuple[str | int, ...]


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Everything inside of `value`, and where it stands."""
    if path:
        yield path, value
    inner = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for step, part in inner:
        yield from leaves(part, (*path, step))


def replaced(value: Any, path: Path_, other: Any) -> Any:
    if not path:
        return other
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], other)
    return copy


# What a schema cannot see: how a body is written, and what in it must fit together.
UNSAID: Final = (
    "postings that",
    "a move",
    "a whole number written as a float",
    "a whole number with an exponent",
    "minus zero",
    "a name twice",
    "a name that nobody knows",
    "a float under a name that nobody knows",
    "names in another order",
    "a name that is missing, and may be null",
    "brackets in brackets",
    "spaces",
    "letters escaped without need",
    "half of a pair",
)


@pytest.mark.parametrize(
    "vector", [each for each in REFUSED["entries"] if "body" in each], ids=lambda vector: str(vector["what"])
)
def test_a_wrong_body_is_found_by_the_schema_as_far_as_a_schema_can_see(vector: dict[str, Any]) -> None:
    try:
        body = json.loads(vector["body"])
    except json.JSONDecodeError:
        return
    seen = not VALIDATORS["entry-body"].is_valid(body)
    assert seen != vector["what"].startswith(UNSAID)


def test_the_schema_of_a_body_knows_every_kind_and_no_other() -> None:
    validator = VALIDATORS["entry-body"]
    for entry, body in zip(ENTRIES, BODIES, strict=True):
        for other in {each["kind"] for each in ENTRIES} - {entry["kind"]}:
            wrong = {**body, "fact": {**body["fact"], "kind": other}}
            # A rotation says what a genesis says: only their kinds differ. An end says what its intent says,
            # and more, which the schema of a body, but not a reader, lets pass.
            twins = {entry["kind"], other} == {"genesis", "key.rotated"}
            longer = (entry["kind"], other) == ("payment.closed", "payment.intent")
            assert validator.is_valid(wrong) == (twins or longer), f"{entry['kind']} as {other}"


def test_every_whole_number_of_a_schema_has_the_limits_of_json() -> None:
    def integers(part: Any) -> Iterator[Schema]:
        if isinstance(part, dict):
            if part.get("type") == "integer":
                yield part
            for each in part.values():
                yield from integers(each)
        elif isinstance(part, list):
            for each in part:
                yield from integers(each)

    found = [one for schema in SCHEMAS.values() for one in integers(schema)]
    assert len(found) > 40
    for one in found:
        assert -INTEGER_MAX <= one["minimum"] < one["maximum"] <= INTEGER_MAX


def test_a_batch_header_says_what_stands_where() -> None:
    places = [place["title"] for place in SCHEMAS["batch-header"]["prefixItems"]]
    assert places == ["version", "dev", "epoch", "kid", "first", "n", "prev", "head"]
    assert "msgpack" in SCHEMAS["batch-header"]["description"]


def test_an_exported_line_is_the_one_that_the_schema_describes() -> None:
    """Whoever reads an export finds in a line all that verifies it."""
    for entry, line in zip(ENTRIES, INSTANCES["ledger-line"], strict=True):
        assert list(line) == list(TYPES["ledger-line"].__struct_fields__)
        assert (line["prev"], line["hash"]) == (entry["prev"], entry["hash"])
        raw = FORMS["jsonl"].line(read_entry(entry["jws"]))
        assert raw.endswith(entry["body"].encode() + b"}\n")
    assert CHAIN["dev"] == INSTANCES["ledger-line"][0]["body"]["dev"]
