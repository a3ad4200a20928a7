"""What a hub's `mail.toml` may say, and that its letters leave by themselves."""

import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.hub.receipts.delivery import FILE, BadMailFileError, deliver, mail_of
from cloud_sync.hub.receipts.post import Outbox, Sent

GOOD: Final = """\
host = "mail.example"
sender = "receipts@shop.example"
name = "Corner Coffee"
hub = "https://hub.example"
"""


def written(folder: Path, text: str) -> Path:
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_a_hub_without_the_file_sends_no_letters(tmp_path: Path) -> None:
    assert mail_of(tmp_path) is None


def test_a_hub_with_the_file_writes_in_the_name_of_its_shop(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    mail = mail_of(written(tmp_path, GOOD + 'user = "shop"\npassword_file = "secret"\n'))
    assert mail is not None
    assert (mail.sender.name, mail.sender.address) == ("Corner Coffee", "receipts@shop.example")
    assert "s3cret" not in repr(mail)


BAD: Final = {
    "no toml": "host",
    "no sender": GOOD.replace("sender", "#"),
    "an address that is none": GOOD.replace("receipts@shop.example", "nobody"),
    "a hub without tls": GOOD.replace("https", "http"),
    "a hub with a path": GOOD.replace("hub.example", "hub.example/r"),
    "a word that we do not know": GOOD + "hots = 1\n",
    "a password file that is not there": GOOD + 'password_file = "none"\n',
    "a port that is none": GOOD + "port = 0\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_used_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadMailFileError, match=r"mail\.toml"):
        mail_of(written(tmp_path, text))


def test_a_password_is_not_sent_over_a_line_in_clear(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    with pytest.raises(BadMailFileError, match="never sent without tls"):
        mail_of(written(tmp_path, GOOD + 'security = "none"\npassword_file = "secret"\n'))


def test_letters_leave_by_themselves_until_the_hub_stops() -> None:
    stop, taken = threading.Event(), threading.Event()

    def take(_message: EmailMessage) -> Sent:
        taken.set()
        return Sent.TAKEN

    outbox = Outbox(take)
    thread = threading.Thread(target=deliver, args=(outbox, lambda: 0, stop))
    thread.start()
    outbox.add("hash", EmailMessage(), 0)
    assert taken.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
