"""The house itself: what no linter knows of, and every room has to keep to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOUSES = ("retail/", "cloud_sync/", "edge/", "opos/", "simulators/", "proofs/", "benchmarks/")
TEXTS = {"", ".css", ".html", ".js", ".md", ".po", ".py", ".sh", ".sql", ".toml", ".txt", ".yaml", ".yml"}

CAPTION = re.compile(r'r?"""\S[^\n]{8,}[.?!](?:"""|\n)')

# What is longer, in the product, stands here with its length, and the number only ever goes down.
FILE_LINES_MAX, FUNCTION_LINES_MAX = 400, 60
LONGER: dict[str, int] = {}

# Where packages come from, and where somebody's home is, is the business of each machine.
MACHINES = re.compile(
    r"[\w-]*(?:pypi|pythonhosted|npmjs|piwheels|pkg|artifactory|deb\.debian)\.(?:org|com|dev|io|net)\b"
    r"|(?<![\w.])/(?:home|root|Users|work)/\w"
)


def files() -> Iterator[tuple[str, str]]:
    """Every file of ours, by name, with its text: nothing hidden but .ci, nothing that was made."""
    for top in sorted(ROOT.iterdir()):
        if top.name == ".ci" or not (top.name.startswith(".") or top.name in {"var", "dist"}):
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                if path.is_file() and path.suffix in TEXTS:
                    yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def modules() -> dict[str, str]:
    return {name: text for name, text in files() if name.endswith(".py")}


def too_long(name: str, source: str) -> Iterator[tuple[str, int]]:
    """Name a file and those of its functions that are too long, with their lengths."""
    lengths = [(name, source.count("\n"), FILE_LINES_MAX)]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            lengths.append((f"{name}:{node.name}", lines, FUNCTION_LINES_MAX))
    return ((what, lines) for what, lines, most in lengths if lines > most)


def test_the_first_line_of_a_module_is_its_caption() -> None:
    assert [name for name, source in modules().items() if not CAPTION.match(source)] == []


def test_what_is_too_long_only_gets_shorter() -> None:
    product = [(name, source) for name, source in modules().items() if name.startswith(HOUSES)]
    assert dict(long for module in product for long in too_long(*module)) == LONGER


def test_systemd_stays_a_folder_since_a_package_would_hide_the_module_of_that_name() -> None:
    assert list(ROOT.glob("systemd/**/*.py")) == []


def test_no_file_knows_the_machine_that_it_was_written_on() -> None:
    assert [(name, found[0]) for name, text in files() for found in MACHINES.finditer(text)] == []


def test_every_decision_is_in_the_list_and_every_link_of_the_list_leads_somewhere() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))
