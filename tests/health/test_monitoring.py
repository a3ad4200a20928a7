"""The alert rules and the dashboard that are shipped ask only for numbers that somebody tells."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cloud_sync.agent.carrier import FORKED, KEYLESS, UNREADABLE
from cloud_sync.contract.state import Fault
from cloud_sync.hub.metrics import MEASURES as OF_HUB
from edge.health.metrics import MEASURES as OF_OBJECT

ROOT: Final = Path(__file__).parent.parent.parent
FOLDER: Final = ROOT / "systemd" / "monitoring"

# By name: the labels that its samples have, with those that Prometheus adds.
_ADDED: Final = {"instance", "job"}
LABELS: Final = (
    {each.name: {"object", *each.labels, *_ADDED} for each in OF_OBJECT}
    | {each.name: {*each.labels, *_ADDED} for each in OF_HUB}
    | {"up": _ADDED, "node_textfile_mtime_seconds": {"file", *_ADDED}}
)

WORDS: Final = {"and", "or", "unless", "on", "by", "time", "rate", "increase", "delta", "abs", "vector"} | {
    *("count", "sum", "max", "label_values")
}
NAME: Final = re.compile(r"(?<![\w.])[a-z_][a-z0-9_]*")
SELECTED: Final = re.compile(r"([a-z_]+)\{([^}]*)\}")
LABEL: Final = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
GROUPED: Final = re.compile(r"\b(?:by|on) \(([^)]*)\)")
SPAN: Final = re.compile(r"\d+[smhd]")
OF_COUNTERS: Final = re.compile(r"\b(?:rate|irate|increase)\((\w+)")
OF_GAUGES: Final = re.compile(r"\b(?:delta|idelta|deriv|predict_linear)\((\w+)")
KINDS: Final = {each.name: each.kind for each in (*OF_OBJECT, *OF_HUB)}
COMMANDS: Final = re.compile(r"(opos|journalctl|systemctl|timedatectl) ")


def rules() -> Iterator[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return (rule for group in groups for rule in group["rules"])


def queries() -> Iterator[str]:
    board = json.loads((FOLDER / "dashboard.json").read_text())
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"]


def flaws(query: str) -> Iterator[str]:
    """What is wrong with a query, as far as that can be seen without Prometheus."""
    if any(query.count(opened) != query.count(closed) for opened, closed in ("()", "[]", "{}")):
        yield "brackets"
    for name, selectors in SELECTED.findall(query):
        yield from (
            f"{name} has no {label}" for label in LABEL.findall(selectors) if label not in LABELS[name]
        )
    asked_for = label_values(query)
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"|\b(?:by|on) \([^)]*\)|\$\w+", " ", query)
    names = {name for name in NAME.findall(bare) if name not in WORDS | asked_for}
    yield from (f"nobody tells {name}" for name in names - LABELS.keys())
    known = set().union(*(LABELS.get(name, set()) for name in names))
    grouped = {label.strip() for labels in GROUPED.findall(query) for label in labels.split(",")}
    yield from (f"nothing has {label}" for label in (grouped | asked_for) - known)
    # A gauge that falls looks to `increase` like a counter that began anew, and to nobody like less.
    yield from (f"{name} is no counter" for name in OF_COUNTERS.findall(query) if KINDS[name] != "counter")
    yield from (f"{name} is no gauge" for name in OF_GAUGES.findall(query) if KINDS[name] != "gauge")


def label_values(query: str) -> set[str]:
    """The label that a variable of the dashboard asks for."""
    found = re.fullmatch(r"label_values\(.*, (\w+)\)", query)
    return {found[1]} if found else set()


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_is_told_and_names_a_command(rule: dict[str, Any]) -> None:
    assert list(flaws(rule["expr"])) == []
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert SPAN.fullmatch(rule.get("for", "1m"))
    assert COMMANDS.match(rule["annotations"]["mend"])
    said = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
    assert said <= set().union(*(LABELS[name] for name in LABELS if name in rule["expr"]))


def test_no_two_alerts_have_one_name() -> None:
    names = [rule["alert"] for rule in rules()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_the_dashboard_asks_for_what_is_told(query: str) -> None:
    assert list(flaws(query)) == []


WRONG = [
    ("opos_weather == 1", ["nobody tells opos_weather"]),
    ('opos_selling{site="a"} == 0', ["opos_selling has no site"]),
    ("sum by (shelf) (opos_selling)", ["nothing has shelf"]),
    ("sum(opos_selling", ["brackets"]),
    ("tme() - opos_receipt_timestamp_seconds", ["nobody tells tme"]),
    ("increase(opos_hub_prices_differ[1h]) > 0", ["opos_hub_prices_differ is no counter"]),
    ("delta(opos_sales_total[1h]) > 0", ["opos_sales_total is no gauge"]),
]


@pytest.mark.parametrize(("query", "expected"), WRONG)
def test_a_wrong_query_would_be_found(query: str, expected: list[str]) -> None:
    assert list(flaws(query)) == expected


def test_no_two_panels_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        at = panel["gridPos"]
        cells = [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]
        assert [taken[cell] for cell in cells if cell in taken] == [], panel["title"]
        taken |= dict.fromkeys(cells, panel["title"])


@pytest.mark.parametrize("fault", [FORKED, KEYLESS, UNREADABLE], ids=lambda fault: fault.code)
def test_what_the_agent_finds_wrong_with_a_ledger_is_alarmed_of_and_in_the_docs(fault: Fault) -> None:
    (rule,) = [each for each in rules() if each["alert"] == "OposLedgerFault"]
    ((_, selectors),) = SELECTED.findall(rule["expr"])
    assert re.fullmatch(selectors.partition('"')[2].strip('"'), fault.code)
    assert f"| `{fault.code}` |" in (ROOT / "docs" / "health.md").read_text()


@pytest.mark.parametrize("path", ["/run/opos/metrics.prom", "/var/lib/prometheus/node-exporter/opos.prom"])
def test_the_age_of_our_file_is_watched_and_of_no_other(path: str) -> None:
    (rule,) = [each for each in rules() if each["alert"] == "OposAgentSilent"]
    ((_, selectors),) = SELECTED.findall(rule["expr"])
    ours = re.compile(selectors.partition('"')[2].strip('"'))
    assert ours.fullmatch(path)
    assert not ours.fullmatch("/var/lib/prometheus/node-exporter/metrics.prom")


def test_every_number_has_a_row_in_the_docs_and_no_row_is_of_another_one() -> None:
    text = (ROOT / "docs" / "health.md").read_text()
    rows = [
        f"| `{each.name}` | {', '.join(f'`{label}`' for label in each.labels)} | {each.sentence} |"
        for each in (*OF_OBJECT, *OF_HUB)
    ]
    said = [re.sub(r"\s+", " ", line) for line in text.splitlines() if line.startswith("| `opos_")]
    assert said == [re.sub(r"\s+", " ", row) for row in rows]


def test_every_finding_that_the_docs_name_is_one_of_the_doctor() -> None:
    findings = tomllib.loads((ROOT / "edge" / "provision" / "findings.toml").read_text())
    named = set(re.findall(r"OP-\d{4}", (ROOT / "docs" / "health.md").read_text()))
    assert named <= findings.keys()
