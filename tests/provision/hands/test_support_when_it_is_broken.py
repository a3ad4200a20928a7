"""A bundle is wanted most where least can be read: it is made, and no secret slips out of a ruin."""

import contextlib
import errno
import json
import os
import random
import signal
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from edge.cli.support import support
from edge.provision.last_good import keep_good
from edge.provision.support import contents
from edge.provision.support.bundle import LIST, collected
from edge.provision.support.case import case_of
from edge.provision.support.configuration import crossed_out
from edge.provision.support.contents import parts
from edge.provision.support.redaction import Redactor
from edge.provision.support.secrets import secrets_of
from tests.cli.ledgers import DAY, Ledgers
from tests.long_form import one_of
from tests.provision.hands.test_support_bundle import CLAIM, FORBIDDEN, OBJECT, PEM, PIN_HASH, SEAL, STAFF

ACCOUNT = "a7KxQ2mQ9vR4t"
WALLET = "opos:wallet:W8x-12_yQz77aLpV00=="
WHY = "Left out though it was wanted"
API_KEY = "sk_live_51H8aBcDeFgHiJkLmNoP"
LOGIN = "edgar:s3cr3tw0rd"
SECRETS = (ACCOUNT, CLAIM, SEAL, API_KEY, LOGIN, PIN_HASH, "W8x-12_yQz77aLpV00", "hunter2hunter2", "bTq3mVx1")

_SHOPS = OBJECT.replace(f'account = "{ACCOUNT}"', f'account = "{ACCOUNT}"  # the shop\'s own')
TEXT = f"\n# What this object is; claimed by {CLAIM}{_SHOPS}"
# What somebody has written into it that no object knows: of such a file every byte may be wrong as well.
STRANGE = f"""
api_key = "{API_KEY}"
[wallet]
token = '{WALLET}'
password = "hunter2hunter2"
claim = {CLAIM}
camera = "rtsp://{LOGIN}@10.0.0.7/stream"
member = "bTq3mVx1"
note = \"\"\"
{SEAL}
\"\"\"
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other programs say is not asked here, but for the doctor's own word on the file."""
    monkeypatch.setattr(contents, "_said", lambda *words: f"{words[0]} was asked\n")


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An object that has started once, with a ledger and a secret wherever one can be.

    Its folder has a short name: a long one with a digit in it looks like a key.
    """
    file = tmp_path_factory.mktemp("shop") / "object.toml"
    data = file.parent / "data"
    data.mkdir()
    file.write_text(TEXT)
    (file.parent / "seal.secret").write_text(f"{SEAL}\n")
    (file.parent / "staff.json").write_text(json.dumps(STAFF))
    (data / "object.key").write_text(PEM)
    (data / "object.key").chmod(0o600)
    (data / "enrolment.json").write_text(json.dumps({"claim": CLAIM}))
    (data / "purse").mkdir()
    (data / "purse" / "c2VyaWFsLTE3.json").write_text("{}")
    keep_good(file, data)
    Ledgers(data).write(*DAY)
    return file


def bundled(file: Path, *more: str) -> Result:
    return CliRunner().invoke(support, ["bundle", str(file), "--out", str(file.parent / "b.tar.gz"), *more])


def held(file: Path) -> dict[str, str]:
    """What a bundle about it holds."""
    done = bundled(file)
    assert done.exit_code == 0, done.output
    with tarfile.open(file.parent / "b.tar.gz") as tar:
        return {
            each.name.partition("/")[2]: opened.read().decode()
            for each in tar
            if (opened := tar.extractfile(each))
        }


def closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody read it: root, who runs the tests, is not kept out by a mode."""
    inside = str(path)
    real: Callable[..., Any] = Path.open

    def opened(self: Path, *args: Any, **kwargs: Any) -> Any:
        if str(self).startswith(inside):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return real(self, *args, **kwargs)

    def listing(real: Callable[..., Any]) -> Callable[..., Any]:
        def listed(where: Any = ".") -> Any:
            if str(where).startswith(inside):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(where))
            return real(where)

        return listed

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(os, "scandir", listing(os.scandir))
    monkeypatch.setattr(os, "listdir", listing(os.listdir))


BROKEN: dict[str, Callable[[str], str]] = {
    "no TOML": lambda text: text.replace('id = "panel-7"', 'id = "panel-7'),
    "a key of its own": lambda text: text + STRANGE,
    "a word for a number": lambda text: text.replace("port = 1", 'port = "one"'),
    "half of it": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "no text": lambda text: text.encode("utf-16").decode("latin-1"),
    "endless": lambda text: text + "# more of it\n" * 40_000,
}


@pytest.mark.parametrize("how", BROKEN)
def test_of_a_broken_file_the_bundle_has_all_else_and_the_last_good_one(how: str, file: Path) -> None:
    file.write_text(BROKEN[how](TEXT))
    texts = held(file)
    assert 'id = "panel-7"' in texts["object.toml.good"]
    assert json.loads(texts["ledger.json"])["head"] == 9
    assert "object.key" in texts["files.txt"]
    assert "object.toml: " in texts[LIST].partition(WHY)[2], "what is wrong with it is told"
    assert [each for each in SECRETS for text in texts.values() if each in text] == []


def test_an_account_of_another_day_is_in_the_last_good_file_and_in_no_bundle(file: Path) -> None:
    file.write_text(TEXT.replace(ACCOUNT, "b8LyR3nR0wS5u"))
    texts = held(file)
    assert 'account = "[known secret]"' in texts["object.toml.good"]
    assert [name for name, text in texts.items() if ACCOUNT in text or "b8LyR3nR0wS5u" in text] == []


def test_whoever_ends_it_while_it_writes_leaves_no_half_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGTERM))
    done = bundled(file)
    assert done.exit_code == 1
    assert not (file.parent / "b.tar.gz").exists()


def test_of_a_missing_file_too(file: Path) -> None:
    file.unlink()
    texts = held(file)
    assert "object.toml" not in texts
    assert "object.toml: " in (told := texts[LIST].partition(WHY)[2])
    assert "No such file" in told
    assert 'id = "panel-7"' in texts["object.toml.good"]


def test_a_file_that_may_not_be_read_is_told_with_the_command_that_may(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(file, monkeypatch)
    texts = held(file)
    assert "object.toml" not in texts
    assert "Permission denied: give the command with sudo" in texts[LIST]
    assert json.loads(texts["ledger.json"])["head"] == 9


def test_keys_that_may_not_be_read_are_told_since_they_are_not_looked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(file.parent / "data", monkeypatch)
    texts = held(file)
    told = texts[LIST].partition(WHY)[2]
    assert f"{file.parent / 'data'}: Permission denied" in told
    assert f"{file.parent / 'data'}: Permission denied" in texts["files.txt"]
    assert " object.toml\n" in texts["files.txt"], "whose it is, and who may read it"


def test_a_machine_whose_object_never_was_still_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    texts = held(tmp_path / "none" / "object.toml")
    assert "MemTotal" in texts["machine.txt"]
    assert {"object.toml", "object.toml.good", "ledger.json", "status.json"} <= {
        line.split(":")[0] for line in texts[LIST].partition(WHY)[2].splitlines()
    }


def _torn(ledger: Path) -> None:
    whole = bytearray(ledger.read_bytes())
    for at in range(4096, len(whole)):
        whole[at] = 0xA5
    ledger.write_bytes(whole)


def _newer(ledger: Path) -> None:
    with contextlib.closing(apsw.Connection(str(ledger))) as db:
        db.execute("PRAGMA user_version = 4711")


def test_a_damaged_ledger_is_told_of_and_the_rest_is_there(file: Path) -> None:
    _torn(file.parent / "data/ledger.db")
    texts = held(file)
    assert "not found out" in texts.get("ledger.json", "") or "ledger.json" in texts[LIST].partition(WHY)[2]
    assert 'id = "panel-7"' in texts["object.toml"]


def test_a_ledger_of_a_newer_program_says_so(file: Path) -> None:
    _newer(file.parent / "data/ledger.db")
    found = json.loads(held(file)["ledger.json"])
    assert (found["schema"], found["head"]) == (4711, 9)


def test_a_locked_ledger_is_no_damaged_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.offline_queue.reader._BUSY_MS", 10)
    with contextlib.closing(apsw.Connection(str(file.parent / "data/ledger.db"))) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        told = held(file)[LIST].partition(WHY)[2]
    assert "ledger.db: cannot be read now" in told
    assert "no ledger" not in told


class _Full:
    """A disk that takes so many bytes and no more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self._write, self._room = os.write, room
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self._write(file, data[: self._room])
        self._room -= taken
        return taken


@pytest.mark.parametrize("room", [0, 1, 100])
def test_on_a_full_disk_there_is_a_sentence_and_no_half_file(
    room: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {*file.parent.rglob("*")}
    _Full(monkeypatch, room)
    done = bundled(file)
    assert done.exit_code == 1
    assert f"{file.parent / 'b.tar.gz'}: No space left on device" in done.stderr
    assert "--out" in done.stderr
    assert {*file.parent.rglob("*")} == before


def test_a_bundle_that_came_in_the_meantime_is_not_written_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = file.parent / "b.tar.gz"
    monkeypatch.setattr(contents, "_versions", lambda: str(out.write_bytes(b"of somebody else")))
    done = bundled(file)
    assert (done.exit_code, out.read_bytes()) == (1, b"of somebody else")
    assert "choose another name" in done.stderr


def test_a_name_that_leads_nowhere_is_taken_already(file: Path) -> None:
    (file.parent / "b.tar.gz").symlink_to("nowhere")
    done = bundled(file)
    assert (done.exit_code, "choose another name" in done.stderr) == (1, True)


def test_who_is_not_root_is_told_what_that_leaves_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "root" not in held(file)[LIST]
    (file.parent / "b.tar.gz").unlink()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "not made by root" in held(file)[LIST]


def test_a_program_reads_what_is_missing_and_why(file: Path) -> None:
    file.write_text("[object")
    lines = [json.loads(line) for line in bundled(file, "--json").stdout.splitlines()]
    missing = {each["name"]: each["why"] for each in lines if each["state"] == "left-out"}
    assert "object.toml" in missing
    assert all(missing.values())
    assert lines[-1]["state"] == "done"
    assert lines[-1]["left_out"] == len(missing)


def test_a_file_of_a_name_that_is_no_text_is_listed(file: Path) -> None:
    (file.parent / "data" / os.fsdecode(b"ledger-\xff.db")).write_bytes(b"x")
    assert "ledger-\\udcff.db" in held(file)["files.txt"]


def test_which_wallets_are_good_here_is_nobody_elses_business(file: Path) -> None:
    texts = held(file)
    assert [name for name, text in texts.items() if "c2VyaWFsLTE3" in text] == []


# A piece of a secret is as good as half of it: nothing of so many characters may stay of one.
PIECE = 8


def pieces(text: str) -> list[str]:
    return [
        secret[at : at + PIECE]
        for secret in SECRETS
        for at in range(len(secret) - PIECE + 1)
        if secret[at : at + PIECE] in text
    ]


def test_the_pieces_are_found_where_nothing_is_taken_out() -> None:
    assert len(pieces(TEXT + STRANGE)) > 100


def _cut(data: bytes, at: int, _byte: int) -> bytes:
    return data[:at]


def _gone(data: bytes, at: int, _byte: int) -> bytes:
    return data[:at] + data[at + 1 :]


def _other(data: bytes, at: int, byte: int) -> bytes:
    return data[:at] + bytes([byte]) + data[at + 1 :]


def _more(data: bytes, at: int, byte: int) -> bytes:
    return data[:at] + bytes([byte]) + data[at:]


WAYS = (_cut, _gone, _other, _more)
WHOLE = (TEXT + STRANGE).encode()
BREAK = st.tuples(
    st.sampled_from(WAYS),
    st.integers(0, len(WHOLE) - 1),
    st.sampled_from(b"\n\r\"'=#[]{}@ :\0\xff\\ax1"),
)


@given(st.lists(BREAK, min_size=1, max_size=4))
@example([(_gone, WHOLE.index(b"api_key") - 1, 0)])
def test_wherever_a_file_is_broken_no_piece_of_a_secret_stays_in_it(
    breaks: list[tuple[Callable[[bytes, int, int], bytes], int, int]],
) -> None:
    data = WHOLE
    for way, at, byte in breaks:
        data = way(data, at, byte)
    text = crossed_out(data.decode("utf-8", "replace"))
    assert pieces(Redactor(()).redact(text).text) == []


def every_break() -> Iterator[bytes]:
    """The file broken once, at each byte and in each way."""
    for at in range(len(WHOLE)):
        yield from (_cut(WHOLE, at, 0), _gone(WHOLE, at, 0))
        yield from (way(WHOLE, at, byte) for way in (_other, _more) for byte in b'\n"=# ')


def test_broken_once_at_every_byte_it_gives_nothing_away() -> None:
    wrong = {
        data: found
        for data in one_of(32, tuple(every_break()))
        if (found := pieces(crossed_out(data.decode("utf-8", "replace"))))
    }
    assert wrong == {}


def test_what_helps_is_still_in_a_broken_file() -> None:
    text = crossed_out(TEXT.replace("port = 1", "port = 1\nsitte = 7\nzzz = 17").replace("[sync]", "[sync"))
    for line in ('id = "panel-7"', 'kind = "panel"', "port = 1", "[sync", "sitte = x", "[[peripheral]]"):
        assert f"\n{line}\n" in text
    assert "xxx = xx" in text, "what nobody knows is crossed out, column by column"
    assert 'uri = "tcp:127.0.0.1:1?profile=serial-scanner"' in text


@pytest.mark.parametrize("seed", range(6))
def test_no_part_of_the_bundle_of_a_ruin_holds_a_secret(seed: int, file: Path) -> None:
    luck = random.Random(seed)
    data, planted = WHOLE, {*SECRETS, *FORBIDDEN.values()}
    for _ in range(luck.randrange(1, 5)):
        data = luck.choice(WAYS)(data, luck.randrange(len(data)), luck.choice(b'\n"=#[ \0'))
    file.write_bytes(data)
    case = case_of(file)
    found = collected(parts(case), Redactor(secrets_of(case).words), lambda _: None)
    assert [
        (secret, one.name) for one, text in found.files for secret in planted if secret.encode() in text
    ] == []
