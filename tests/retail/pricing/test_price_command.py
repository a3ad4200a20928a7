"""`opos price`: the example of the docs to the letter, the schemas, and an answer to every wrong document."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from cloud_sync.contract.json_schema import texts
from edge.cli import price as command
from edge.cli.price import price
from edge.cli.price_schemas import main, schemas

ROOT: Final = Path(__file__).parents[3]
NAMES: Final = ("basket", "book", "promotions", "result")
EXAMPLE: Final = {
    name: re.findall(
        rf"```json {name}\n(.*?)```", (ROOT / "docs/pricing.md").read_text(encoding="utf-8"), re.DOTALL
    )
    for name in NAMES
}
AT: Final = ("--member", "gold", "--at", "2026-11-21T17:30")


def example(name: str) -> Any:
    (text,) = EXAMPLE[name]
    return json.loads(text)


def asked(folder: Path, *words: str, **changes: str) -> Result:
    files = []
    for name in NAMES[:3]:
        file = folder / f"{name}.json"
        file.write_text(changes.get(name, EXAMPLE[name][0]), encoding="utf-8")
        files.append(str(file))
    return CliRunner().invoke(price, [*files, *words])


def test_the_example_of_the_docs_is_what_comes_out(tmp_path: Path) -> None:
    result = asked(tmp_path, *AT)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == example("result")


@pytest.mark.parametrize(
    ("words", "total_minor"),
    [
        (("--at", "2026-11-21T17:30"), 1_446),
        (("--at", "2026-11-21T16:30:00Z"), 1_446),
        (("--at", "2026-11-20T17:30", "--member", "gold"), 1_546),
        (("--at", "2026-11-20T17:30", "--member", "gold", "--untrusted-clock"), 1_446),
    ],
)
def test_time_member_and_clock_change_the_price(
    tmp_path: Path, words: tuple[str, ...], total_minor: int
) -> None:
    assert json.loads(asked(tmp_path, *words).stdout)["total_minor"] == total_minor


def test_without_a_time_it_is_now(tmp_path: Path) -> None:
    assert json.loads(asked(tmp_path).stdout)["total_minor"] in {1_446, 1_576}


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"basket": "{"}, "Document", "basket.json: "),
        ({"basket": '{"lines": [{"gtin": "1", "qty": 2}]}'}, "Document", "unknown field `qty`"),
        ({"basket": '{"lines": []}'}, "EmptyBasketError", "expected goods in the basket"),
        ({"basket": '{"lines": [{"gtin": "1"}]}'}, "UnknownGoodsError", "got 1"),
        ({"basket": '{"lines": [{"gtin": "09520001000041"}]}'}, "WeightError", "expected a weight"),
        ({"book": "[" * 100_000}, "Document", "book.json: "),
        ({"book": " \n"}, "Document", "book.json: it is empty"),
        ({"book": EXAMPLE["book"][0].replace('"EUR"', '"CHF"')}, "Document", "expected promotions in CHF"),
        ({"book": EXAMPLE["book"][0].replace("corner", "mall")}, "Document", "promotions of site mall"),
        ({"promotions": EXAMPLE["promotions"][0].replace("5000", "0")}, "Document", "expected a rate"),
    ],
)
def test_what_cannot_be_priced_is_answered_with_the_reason(
    tmp_path: Path, changes: dict[str, str], kind: str, sentence: str
) -> None:
    result = asked(tmp_path, *AT, **changes)
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["kind"] == kind
    assert sentence in answer["error"]


@pytest.mark.parametrize("at", ["teatime", "", "0001-01-01T00:00", "9999-12-31T23:59:59Z"])
def test_a_time_that_is_none_or_of_no_calendar_is_wrong_usage(tmp_path: Path, at: str) -> None:
    result = asked(tmp_path, "--at", at)
    assert result.exit_code == 2
    assert "expected a time such as 2026-11-21T17:30" in result.stderr


def test_a_device_without_end_is_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "DOCUMENT_BYTES_MAX", 1000)
    result = CliRunner().invoke(price, ["/dev/zero", "/dev/zero", "/dev/zero"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": "zero: expected at most 1000 bytes", "kind": "Document"}


def test_the_example_keeps_to_the_schemas() -> None:
    for name in NAMES:
        schema = json.loads((ROOT / "docs/schemas" / f"{name}.json").read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        assert list(Draft202012Validator(schema).iter_errors(example(name))) == []


def test_the_schemas_of_the_docs_are_what_the_types_say(tmp_path: Path) -> None:
    for name, text in texts(schemas()).items():
        assert (ROOT / "docs/schemas" / name).read_text(encoding="utf-8") == text, f"{name}: run --write"
    runner = CliRunner()
    assert runner.invoke(main, ["--check", str(tmp_path)]).exit_code == 1
    assert runner.invoke(main, ["--write", str(tmp_path)]).exit_code == 0
    assert runner.invoke(main, ["--check", str(tmp_path)]).exit_code == 0
    assert runner.invoke(main, []).exit_code == 2
