"""`opos ledger export`: every entry, in three forms, whole or not at all, in the memory of a few."""

import base64
import csv
import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from edge.offline_queue.export import CSV_COLUMNS, FORMS, as_text_cell, moment
from edge.offline_queue.reader import LedgerReader
from tests.cli.ledgers import DAY, Ledgers, ask, put, sale

REGISTRY = jws.JWSRegistry({"prev": HeaderParameter("hash before", "str")}, algorithms=["ES256"])


def exported(path: Path, form: str, *options: object) -> str:
    result = ask("export", path, "--format", form, *options)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes.decode()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_strict_library_verifies_every_line_and_the_chain(ledgers: Ledgers, day: Path) -> None:
    key = ECKey.import_key({**ledgers.key.public.jwk()})
    lines = exported(day, "jws").splitlines()
    payloads, prev = [], None
    for line in lines:
        token = jws.deserialize_compact(line, key, registry=REGISTRY)
        assert token.headers().keys() == {"alg", "kid", "prev"}
        assert prev in (None, unb64(token.headers()["prev"]))
        prev = hashlib.sha256(line.rpartition(".")[0].encode()).digest()
        payloads.append(token.payload)
    assert payloads == ledgers.bodies()


def test_a_line_of_json_ends_with_the_very_bytes_that_were_signed(ledgers: Ledgers, day: Path) -> None:
    lines = exported(day, "jsonl").splitlines(keepends=True)
    for line, body, compact in zip(lines, ledgers.bodies(), exported(day, "jws").splitlines(), strict=True):
        assert line.encode().endswith(b',"body":' + body + b"}\n")
        said = json.loads(line)
        assert list(said) == ["seq", "kind", "idem", "kid", "prev", "hash", "sig", "body"]
        header, payload, signature = compact.split(".")
        assert (unb64(payload), signature) == (body, said["sig"])
        assert json.loads(unb64(header)) == {"alg": "ES256", "kid": said["kid"], "prev": said["prev"]}
        assert unb64(said["hash"]) == hashlib.sha256(f"{header}.{payload}".encode()).digest()
        assert (said["seq"], said["idem"]) == (said["body"]["seq"], said["body"]["idem"])
        assert said["kind"] == said["body"]["fact"]["kind"]


def test_a_spreadsheet_gets_a_row_for_each_entry(day: Path) -> None:
    rows = table(exported(day, "csv"))
    assert [row["kind"] for row in rows[:4]] == ["genesis", "boot", "document.applied", "stock.move"]
    assert tuple(rows[0]) == CSV_COLUMNS
    sold = rows[5]
    assert sold["written_utc"] == "2025-11-21T04:40:06.000Z"
    assert (sold["clock"], sold["business_date"], sold["receipt"]) == ("trusted", "2025-11-21", "K7QM-0002")
    assert (sold["currency"], sold["total"], sold["units"]) == ("EUR", "134.50", "3")
    assert [(row["currency"], row["total"]) for row in rows[6:]] == [
        ("JPY", "1200"),
        ("KWD", "1.500"),
        ("EUR", "0.01"),
    ]
    assert (rows[3]["units"], rows[3]["total"], rows[0]["units"]) == ("40", "", "")
    hashes = [unb64(json.loads(line)["hash"]).hex() for line in exported(day, "jsonl").splitlines()]
    assert [row["hash"] for row in rows] == hashes


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert as_text_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert as_text_cell(f"idem{start}") == f"idem{start}"


def test_an_idem_that_looks_like_a_formula_is_shown_as_text(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, sale(1, "Socks"))
    pen.close()
    ledgers.spoil(
        "UPDATE entry SET body = CAST(json_set(CAST(body AS TEXT), '$.idem', '=1+1') AS BLOB) WHERE seq = 3"
    )
    assert table(exported(ledgers.path, "csv"))[2]["idem"] == "'=1+1"


@pytest.mark.parametrize("form", list(FORMS))
def test_an_export_may_begin_anywhere(day: Path, form: str) -> None:
    head = 1 if form == "csv" else 0
    lines = exported(day, form).splitlines()
    assert len(lines) == 9 + head
    assert exported(day, form, "--from", 8).splitlines()[head:] == lines[7 + head :]
    assert exported(day, form, "--from", 99).splitlines() == lines[:head]


@pytest.mark.parametrize("form", list(FORMS))
def test_a_file_has_its_name_only_when_it_is_whole(ledgers: Ledgers, day: Path, form: str) -> None:
    out = ledgers.path.with_name(f"ledger.db.{form}")
    out.write_text("the export of yesterday")
    assert ask("export", day, "--format", form, "--out", out).stdout_bytes == b""
    assert out.read_bytes().decode() == exported(day, form)
    assert not list(out.parent.glob("*.part"))


def test_an_export_that_fails_leaves_the_file_of_yesterday(
    ledgers: Ledgers, day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(reader: LedgerReader, first: int) -> Iterator[Any]:
        yield from reader.after(first - 1, 3)
        raise ValueError("page 7 is torn")

    monkeypatch.setattr(LedgerReader, "entries", torn)
    out = ledgers.path.with_name("out.jws")
    out.write_text("the export of yesterday")
    result = ask("export", day, "--format", "jws", "--out", out)
    assert (result.exit_code, "page 7 is torn" in result.output) == (1, True)
    assert out.read_text() == "the export of yesterday"
    assert not list(out.parent.glob("*.part"))


@pytest.mark.parametrize(
    "name", ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "ledger.db.part"]
)
def test_an_export_never_takes_the_place_of_the_ledger(ledgers: Ledgers, day: Path, name: str) -> None:
    result = ask("export", day, "--format", "jws", "--out", ledgers.path.with_name(name))
    assert result.exit_code == 2
    assert ask("verify", day).exit_code == 0


def test_a_place_that_cannot_be_written_is_a_sentence(day: Path, tmp_path: Path) -> None:
    for out, code in ((tmp_path / "no" / "out.jws", 1), (Path("/dev/null"), 2), (tmp_path, 2)):
        result = ask("export", day, "--format", "jws", "--out", out)
        assert (result.exit_code, str(out) in result.output) == (code, True)
    assert not Path("/dev/null").is_file()


def test_a_hole_is_told(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil("DELETE FROM entry WHERE seq IN (4, 5)")
    result = ask("export", day, "--format", "jws")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 7)
    assert "entries 4 to 5 are missing" in result.stderr


def test_an_entry_whose_body_is_none_has_a_line_only_as_a_jws(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil(
        "UPDATE entry SET body = x'ff00' WHERE seq = 4", "UPDATE entry SET body = x'7b0a7d' WHERE seq = 5"
    )
    assert len(exported(day, "jws").splitlines()) == 9
    for form, lines in (("jsonl", 7), ("csv", 8)):
        result = ask("export", day, "--format", form)
        assert (result.exit_code, len(result.stdout.splitlines())) == (1, lines)
        assert "entry 4: " in result.stderr
        assert "entry 5: its body has a line end" in result.stderr
        assert "--format jws writes it as it is" in result.stderr


@pytest.mark.parametrize("wall_ms", [2**53 - 1, 1 - 2**53])
def test_a_moment_that_no_calendar_has_stays_a_number(wall_ms: int) -> None:
    assert moment(wall_ms) == f"{wall_ms} ms"


def test_a_pruned_ledger_is_exported_from_its_first_entry(ledgers: Ledgers, day: Path) -> None:
    floor = ledgers.pruned()
    (line,) = exported(day, "jsonl").splitlines()
    assert (json.loads(line)["seq"], json.loads(line)["kind"]) == (floor, "checkpoint")


def test_a_ledger_that_is_being_written_is_exported_to_the_head_of_the_moment(
    ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    pen = ledgers.pen()
    put(pen, *DAY)
    after = LedgerReader.after

    def after_a_sale(reader: LedgerReader, seq: int, limit: int) -> list[Any]:
        put(pen, sale(pen.head, "Socks"))
        return after(reader, seq, limit)

    monkeypatch.setattr(LedgerReader, "after", after_a_sale)
    assert len(exported(ledgers.path, "jws").splitlines()) == 9
    assert pen.head > 9
    pen.close()


def test_an_empty_ledger_is_an_empty_export(ledgers: Ledgers) -> None:
    ledgers.pen(begin=False).close()
    assert exported(ledgers.path, "jsonl") == ""
    assert exported(ledgers.path, "csv").splitlines() == [",".join(CSV_COLUMNS)]


@pytest.mark.parametrize("form", list(FORMS))
def test_a_longer_ledger_needs_no_more_memory(ledgers: Ledgers, form: str) -> None:
    peaks = []
    for _ in range(2):
        pen = ledgers.pen()
        put(pen, *(sale(pen.head + n, "Socks") for n in range(2_000)))
        pen.close()
        tracemalloc.start()
        assert (
            ask("export", ledgers.path, "--format", form, "--out", ledgers.path.with_name("o")).exit_code == 0
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000


def test_who_has_read_enough_may_hang_up(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, *(sale(n, "Socks") for n in range(1, 501)))
    pen.close()
    command = [sys.executable, "-m", "opos", "ledger", "export", str(ledgers.path), "--format", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert json.loads(export.stdout.readline())["seq"] == 1
        export.stdout.close()
        assert export.stderr.read() == b""
