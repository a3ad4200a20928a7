"""`opos ledger receipt`: in words, signed, and as a code that another reader of codes understands."""

import hashlib
import io
import json
from itertools import pairwise
from pathlib import Path

import pytest
import segno
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.facts import Refund, SaleLine, TaxLine
from cloud_sync.contract.fragment import parse
from cloud_sync.contract.signing import SoftwareKey, seal
from tests.cli.ledgers import BEGAN_MS, DEV, Ledgers, ask, sale

PAGE = "https://shop.example/verify/"

REGISTRY = jws.JWSRegistry({"prev": HeaderParameter("hash before", "str")}, algorithms=["ES256"])


def answer(*arguments: object) -> dict[str, object]:
    result = ask("receipt", *arguments, "--json")
    assert result.exit_code == 0, result.output
    said: dict[str, object] = json.loads(result.stdout)
    return said


@pytest.mark.parametrize(
    ("which", "seq"), [(["5"], 5), (["K7QM-0001"], 5), (["9"], 9), (["K7QM-0004"], 8), ([], 9)]
)
def test_a_receipt_is_found_by_its_seq_its_number_or_as_the_last_one(
    day: Path, which: list[str], seq: int
) -> None:
    assert answer(day, *which)["seq"] == seq


def test_the_slip_is_in_the_shoppers_language_above_the_signed_entry(ledgers: Ledgers, day: Path) -> None:
    page = ask("receipt", day, "K7QM-0002").output.splitlines()
    assert page[:2] == ["mirror-4", "Beleg K7QM-0002                 21.11.2025"]
    assert page[2].split() == ["Schal,", "grün", "134,50", "€"]
    signed = page[page.index("") + 1]
    assert signed == ask("receipt", day, 6, "--jws").output.strip()
    token = jws.deserialize_compact(signed, ECKey.import_key({**ledgers.key.public.jwk()}), registry=REGISTRY)
    assert token.payload == ledgers.bodies()[5]


def test_an_entry_that_is_no_receipt_has_a_signed_form_and_no_code(day: Path, tmp_path: Path) -> None:
    page = ask("receipt", day, 2).output
    assert page.startswith("entry 2 is no receipt: it is a boot\nOPOS 1.0 starts\n")
    assert ask("receipt", day, 2, "--jws").output.strip() in page
    assert page.endswith("this is no receipt, so it has no code\n")
    picture = ask("receipt", day, 2, "--png", tmp_path / "x.png")
    assert (picture.exit_code, "no receipt" in picture.output) == (1, True)
    assert not (tmp_path / "x.png").exists()


def test_the_code_leads_to_the_page_with_all_that_it_needs(ledgers: Ledgers, day: Path) -> None:
    certificate = ledgers.certify()
    said = answer(day, 5, "--page", PAGE)
    page, _, fragment = str(said["code"]).partition("#")
    assert (page, said["certified"]) == (PAGE, True)
    assert parse(fragment) == (said["jws"], certificate)
    assert len(fragment) <= 1_500


def test_a_page_without_a_whole_address_is_said_to_be_one(ledgers: Ledgers, day: Path) -> None:
    ledgers.certify()
    said = answer(day, 5)
    assert str(said["code"]).startswith("docs/verify/index.html#1.")
    assert "only if --page is a whole address" in str(said["note"])


def test_without_a_certificate_the_code_is_the_signed_entry_alone(day: Path) -> None:
    said = answer(day, 5)
    assert (said["code"], said["certified"]) == (said["jws"], False)
    assert "certificate.jws cannot be read" in str(said["note"])


def test_a_certificate_of_another_key_or_another_text_is_not_used(
    ledgers: Ledgers, day: Path, tmp_path: Path
) -> None:
    other = CertifiedKey(DEV, "demo", SoftwareKey.generate().public, "file", BEGAN_MS)
    file = tmp_path / "other.jws"
    for text, why in (
        (seal(ledgers.root, CERTIFICATE_TYPE, other), "signed this"),
        ("a shopping list", "is no certificate"),
        ("a.b.c", "is no certificate"),
        ("é" * 9_000, "is no certificate"),
    ):
        file.write_text(text)
        said = answer(day, 5, "--certificate", file)
        assert (said["certified"], why in str(said["note"])) == (False, True), text[:20]


def test_a_receipt_that_is_too_long_for_a_code_says_what_to_do(ledgers: Ledgers) -> None:
    ledgers.write(sale(1, *(hashlib.sha256(bytes([n])).hexdigest() for n in range(60))))
    assert "expected at most 2953 characters for a QR code" in ask("receipt", ledgers.path).output
    picture = ask("receipt", ledgers.path, "--svg", ledgers.path.with_name("x.svg"))
    assert (picture.exit_code, "2953" in picture.output) == (1, True)
    ledgers.certify()
    said = answer(ledgers.path)
    assert (said["code"], "at most 1500 characters" in str(said["note"])) == (None, True)


def test_a_receipt_that_is_too_long_leads_to_the_hub_where_there_is_one(ledgers: Ledgers) -> None:
    ledgers.write(sale(1, *(hashlib.sha256(bytes([n])).hexdigest() for n in range(60))))
    ledgers.certify()
    said = answer(ledgers.path, "--hub", "https://hub.example")
    assert str(said["code"]).startswith(f"https://hub.example/r/{DEV}/{said['seq']}/")
    assert (said["certified"], said["note"]) == (
        False,
        "too long for its code, so that leads to https://hub.example",
    )


def test_a_refund_is_a_receipt_of_its_own(ledgers: Ledgers) -> None:
    line = SaleLine("09520001100307", "Scarf", 1, 3450, 3450, "standard")
    taxes = (TaxLine("standard", 1900, 3450, 551),)
    ledgers.write(
        sale(1, "A"),
        Refund(
            *("r", "s", "a", "zvt", "K7QM-R0001", "2026-02-01", "en", "EUR", 3450), (line,), taxes, (), ()
        ),
    )
    ledgers.certify()
    for which in ([], ["K7QM-R0001"]):
        said = answer(ledgers.path, *which, "--page", PAGE)
        assert (said["kind"], said["number"], said["certified"]) == ("refund", "K7QM-R0001", True)
        assert str(said["text"]).count("Credit note K7QM-R0001") == 1


@pytest.mark.parametrize("which", ["K7QM-9999", "77", "سترة", "²", "9" * 30, "-"])
def test_a_receipt_that_is_not_there_is_a_sentence(day: Path, which: str) -> None:
    result = ask("receipt", day, which)
    assert (result.exit_code, "there is no" in result.output) == (1, True)


def blocks(page: str) -> list[list[bool]]:
    """The modules of a code in a page of a terminal: True where dark."""
    halves = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}
    lines = [line for line in page.splitlines() if line.startswith("████") and line.endswith("████")]
    rows = [[halves[block][half] for block in line] for line in lines for half in (0, 1)]
    assert all(len(one) == len(other) for one, other in pairwise(rows))
    return rows


def test_the_blocks_of_a_terminal_are_the_modules_of_the_code(ledgers: Ledgers, day: Path) -> None:
    ledgers.certify()
    rows = blocks(ask("receipt", day, 5, "--page", PAGE).output)
    code = segno.make_qr(str(answer(day, 5, "--page", PAGE)["code"]), error="l", boost_error=False)
    modules = [[bool(dark) for dark in row] for row in code.matrix_iter(border=4)]
    assert rows[: len(modules)] == modules


def test_another_reader_of_codes_reads_the_picture_and_the_terminal(
    ledgers: Ledgers, day: Path, tmp_path: Path
) -> None:
    cv2 = pytest.importorskip("cv2", reason="reading a QR code needs the extra `camera`")
    np = pytest.importorskip("numpy", reason="reading a QR code needs the extra `camera`")
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading a QR code needs the extra `camera`")
    ledgers.certify()
    result = ask("receipt", day, 5, "--page", PAGE, "--png", tmp_path / "r.png", "--svg", tmp_path / "r.svg")
    screen = np.kron(1 - np.array(blocks(result.output)), np.ones((4, 4))).astype("uint8") * 255
    for picture in (cv2.imread(str(tmp_path / "r.png")), screen):
        (code,) = zxingcpp.read_barcodes(picture)
        assert code.text == answer(day, 5, "--page", PAGE)["code"]
    drawing = (tmp_path / "r.svg").read_bytes()
    assert io.BytesIO(drawing).readline().startswith(b"<?xml")
    assert b"#fff" in drawing
