"""The doctor's book: every code is found by somebody, caused by somebody, and mended by what there is."""

import re
import shlex
from pathlib import Path
from string import Formatter

import pytest
from click.testing import CliRunner

from edge.cli.explain import explain
from edge.cli.findings_text import SUBJECTS as TITLES
from edge.cli.findings_text import markdown
from edge.provision.doctor.examination import SUBJECTS
from edge.provision.doctor.pages import UnknownCodeError, book, found, page, placed
from opos.front_door import listed
from tests.system.doctor_faults import IN_THE_GUEST, ROUNDS
from tests.vm import guest

ROOT = Path(__file__).parents[3]
CODE = re.compile(r'"(OP-\d{4})"')
# Of the machine's own, with the Debian package that an object's board always has.
TOOLS = {
    "apt-get": "apt",
    "chmod": "coreutils",
    "chown": "coreutils",
    "getent": "libc-bin",
    "ip": "iproute2",
    "journalctl": "systemd",
    "kill": "procps",
    "mount": "mount",
    "systemctl": "systemd",
    "systemd-tmpfiles": "systemd",
    "timedatectl": "systemd",
    "touch": "coreutils",
    "udevadm": "udev",
}
# What is run unasked: nothing that ends a sale, restarts the board or asks anything.
SAFE = {"chmod", "chown", "journalctl", "systemctl", "systemd-tmpfiles", "timedatectl", "udevadm"}


def codes_in(folder: str, pattern: str = "*.py") -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / folder).glob(pattern))
    return {code for text in texts for code in CODE.findall(text)}


def test_every_code_is_found_by_a_check_and_every_check_has_a_page() -> None:
    assert codes_in("edge/provision/doctor") == set(book())


def test_every_fault_is_caused_by_a_test() -> None:
    assert set(book()) - codes_in("tests/provision/doctor") == set()


def test_codes_are_in_order_under_subjects_that_are_looked_at() -> None:
    assert {each.subject for each in book().values()} == set(SUBJECTS) == set(TITLES)
    assert all(re.fullmatch(r"OP-[1-6]\d{3}", code) for code in book())


@pytest.mark.parametrize("code", book())
def test_a_page_is_for_a_person_and_its_command_is_one_that_there_is(code: str) -> None:
    its = page(code)
    assert its.title[0].isupper()
    assert not its.title.endswith(".")
    assert its.meaning.strip().endswith((".", ")"))
    assert its.hand or its.safe or its.mend.startswith(("opos ", "systemctl "))
    program, *words = shlex.split(its.mend.removeprefix("runuser -u {user} -- "))
    if program == "opos":
        assert words[0] in listed()
    else:
        assert program in TOOLS
    assert not its.safe or program in SAFE
    assert not (its.safe and its.signin)


@pytest.mark.parametrize("code", book())
def test_a_command_of_ours_that_a_page_speaks_of_is_one_that_there_is(code: str) -> None:
    its = page(code)
    text = f"{its.meaning} {its.hand} {its.mend}"
    assert set(re.findall(r"\bopos ([a-z][a-z-]*)", text)) <= set(listed())


def test_every_code_has_a_proof_and_every_proof_a_code() -> None:
    in_machines = [ill.code for each in ROUNDS for ill in each.ills]
    assert sorted([*in_machines, *IN_THE_GUEST]) == sorted(book())


@pytest.mark.parametrize("proofs", IN_THE_GUEST.values(), ids=IN_THE_GUEST)
def test_what_is_proven_in_the_guest_is_among_its_proofs(proofs: tuple[str, ...]) -> None:
    assert set(proofs) <= guest.chosen("").keys()


def test_what_a_check_must_say_is_what_the_sentence_asks_for() -> None:
    words = [name for _, name, _, _ in Formatter().parse(page("OP-1101").sentence) if name]
    said = found("OP-1101", **dict.fromkeys(words, 7))
    assert said.sentence == "7 is at 7 degrees Celsius, and 7 are its limit."
    with pytest.raises(KeyError):
        found("OP-1101", zone="cpu-thermal")


def test_the_document_is_what_the_book_says() -> None:
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == markdown(book()), (
        "run `opos explain --markdown > docs/findings.md`"
    )


def test_a_code_is_explained_however_it_is_written_and_a_wrong_one_names_the_near_ones() -> None:
    done = CliRunner().invoke(explain, ["op-2107"])
    assert done.exit_code == 0
    assert done.output.startswith("OP-2107")
    assert CliRunner().invoke(explain, ["--markdown", "--json"]).exit_code == 2
    wrong = CliRunner().invoke(explain, ["OP-21O7"])
    assert wrong.exit_code == 2
    assert "OP-2107" in wrong.output
    with pytest.raises(UnknownCodeError):
        page("OP-9999")


def test_without_a_code_all_of_them_are_listed() -> None:
    lines = CliRunner().invoke(explain, []).output.splitlines()
    assert len([line for line in lines if line.startswith("  OP-")]) == len(book())


def test_a_command_of_an_object_whose_folder_has_a_blank_in_its_name_is_one_that_can_be_typed() -> None:
    finding = placed(found("OP-6001", said="wrong"), {"file": Path("/srv/my shop/object.toml")})
    assert shlex.split(finding.mend) == ["opos", "object", "restore", "/srv/my shop/object.toml"]
    assert (
        shlex.split(found("OP-4202", key=Path("/srv/my shop/object.key")).mend)[-1]
        == "/srv/my shop/object.key"
    )
    assert "'" not in found("OP-4202", key=Path("/srv/my shop/object.key")).sentence
