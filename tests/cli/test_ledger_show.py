"""`opos ledger show` and `figures`: what the entries say, to people and to programs."""

import json
from pathlib import Path

import pytest

from retail.receipt import TIMES
from tests.cli.ledgers import DAY, SWEATER, Ledgers, ask, put, sale

SAID = [
    "document.applied  prices 1.7 is in force",
    f"stock.move        delivery t1: 40 {TIMES} {SWEATER} from transit to floor",
    f"sale              €59.90 on K7QM-0001: 2 {TIMES} Merino sweater",
    f"sale              €134.50 on K7QM-0002: 2 {TIMES} Schal, grün, Mütze",
    f"sale              ¥1,200 on K7QM-0003: 2 {TIMES} 羊毛衫",
    f"sale              KWD\N{NO-BREAK SPACE}1.500 on K7QM-0004: 2 {TIMES} سترة صوف",
]


def rows(*arguments: object) -> list[str]:
    result = ask("show", *arguments)
    assert result.exit_code == 0, result.output
    head, *rows = result.output.splitlines()
    assert head.split() == ["entry", "written", "(UTC)", "kind", "what", "it", "says"]
    return rows


def test_every_kind_of_entry_is_said_in_the_shops_words(ledgers: Ledgers) -> None:
    ledgers.write(*DAY)
    pen = ledgers.pen(begin=False)
    pen.rotate(ledgers.key)
    pen.checkpoint()
    pen.close()
    genesis, boot, *day, rotated, summed = rows(ledgers.path)
    kid = ledgers.key.public.kid
    assert genesis.startswith("       1  2025-11-21 04:40:01   genesis           the journal begins")
    assert genesis.endswith(f"signed with key {kid} (file)")
    assert boot.endswith("boot              OPOS 1.0 starts")
    assert [row[32:] for row in day[:-1]] == SAID
    assert rotated.endswith(f"key.rotated       the next entry is signed with key {kid} (file)")
    assert summed.endswith("checkpoint        summed up to here: shop 5")


def test_a_name_cannot_write_into_the_terminal(day: Path) -> None:
    mark = "\N{REPLACEMENT CHARACTER}"
    assert rows(day, "--last", 1)[0].endswith(f'"; DROP TABLE entry; {mark}[31m{mark}red{mark}{mark}=1+1')
    for page in (ask("show", day, 9), ask("receipt", day, 9)):
        assert "\x1b" not in page.output
        assert "\u202e" not in page.output


def test_a_time_that_nobody_has_confirmed_is_marked(ledgers: Ledgers) -> None:
    ledgers.clock.said = "untrusted"
    ledgers.write(sale(1, "Socks"))
    assert [row[10:31].strip() for row in rows(ledgers.path)][-1] == "2025-11-21 04:40:03?"
    assert "by a clock that is untrusted" in ask("show", ledgers.path, 3).output


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (["--last", 2], [8, 9]),
        (["--from", 7], [7, 8, 9]),
        (["--from", 3, "--last", 2], [8, 9]),
        (["--from", 9, "--last", 2], [9]),
        (["--from", 99], []),
        (["--kind", "sale", "--last", 2], [8, 9]),
        (["--kind", "boot"], [2]),
        (["--kind", "sale", "--from", 8], [8, 9]),
        (["--kind", "fork"], []),
    ],
)
def test_entries_are_chosen_and_stay_in_order(day: Path, options: list[object], expected: list[int]) -> None:
    assert [int(row.split()[0]) for row in rows(day, *options)] == expected


def test_twenty_are_shown_when_nothing_is_said(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, *(sale(n, "Socks") for n in range(1, 1_501)))
    pen.close()
    assert [int(row.split()[0]) for row in rows(ledgers.path)] == list(range(1_483, 1_503))
    assert len(rows(ledgers.path, "--last", 1_200)) == 1_200
    assert [int(row.split()[0]) for row in rows(ledgers.path, "--kind", "boot")] == [2]


def test_json_is_the_body_as_it_was_signed(ledgers: Ledgers, day: Path) -> None:
    bodies = [body.decode() for body in ledgers.bodies()]
    assert ask("show", day, "--json").output.splitlines() == bodies
    assert ask("show", day, 5, "--json").output == bodies[4] + "\n"


def test_one_entry_is_shown_whole(ledgers: Ledgers, day: Path) -> None:
    page = ask("show", day, 5).output
    assert page.startswith(f"entry     5, sale: €59.90 on K7QM-0001: 2 {TIMES} Merino sweater\n")
    assert "written   2025-11-21T04:40:05.000Z, by a clock that is trusted" in page
    assert "hub       has not confirmed it yet" in page
    assert json.loads(page[page.index("{") :])["fact"]["number"] == "K7QM-0001"
    ledgers.pruned()
    assert "hub       has confirmed it" in ask("show", day, 10).output


def test_an_entry_whose_bytes_were_changed_says_so(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil("UPDATE entry SET hash = zeroblob(32) WHERE seq = 5")
    assert "which is not that of its bytes" in ask("show", day, 5).output


def test_an_entry_that_nobody_can_read_stands_in_its_row_and_not_in_json(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil("UPDATE entry SET body = x'1b5b' WHERE seq = 4")
    assert [row.split()[0] for row in rows(day)] == list("123456789")
    assert "4  ?                     ?                 cannot be read: " in rows(day)[3]
    for command in (["show", day, "--json"], ["show", day, 4], ["receipt", day, 4]):
        result = ask(*command)
        assert (result.exit_code, "entry 4 cannot be read" in result.stderr) == (1, True)
    assert ask("receipt", day, 4, "--jws").exit_code == 0
    assert ask("receipt", day, 3).exit_code == 0


def test_an_entry_that_is_not_there_is_a_sentence(ledgers: Ledgers, day: Path) -> None:
    assert "there is no entry 10: the last one is 9" in ask("show", day, 10).output
    floor = ledgers.pruned()
    assert (ask("show", day, 1).exit_code, ask("show", day, floor).exit_code) == (1, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        [5, "--last", 2],
        [5, "--from", 2],
        [5, "--kind", "sale"],
        [0],
        ["--last", 0],
        ["--kind", "sales"],
        [10**40],
        ["--last", 2**53],
    ],
)
def test_a_wrong_question_is_wrong_usage(day: Path, arguments: list[object]) -> None:
    assert ask("show", day, *arguments).exit_code == 2


def test_figures_are_added_up_from_the_entries(ledgers: Ledgers, day: Path) -> None:
    figures = json.loads(ask("figures", day, "--json").stdout)
    assert figures["object"] == "mirror-4"
    assert (figures["entries"], figures["acked"], figures["sales"]) == (9, 0, 5)
    assert figures["money"] == {"EUR": 5990 + 13450 + 1, "JPY": 1200, "KWD": 1500}
    assert figures["stock"]["floor"] == {SWEATER: 40 - 11}
    assert "sales    5\n" in ask("figures", day).output
    floor = ledgers.pruned()
    assert f"entries below {floor} were pruned" in ask("figures", day).stderr


def test_an_empty_ledger_has_nothing_to_show(ledgers: Ledgers) -> None:
    pen = ledgers.pen(begin=False)
    pen.close()
    assert rows(ledgers.path) == []
    assert json.loads(ask("figures", ledgers.path, "--json").stdout)["entries"] == 0
    assert "there is no receipt yet" in ask("receipt", ledgers.path).output
