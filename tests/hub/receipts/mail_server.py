"""A mail server on a socket of its own: it speaks RFC 5321, keeps what it took, and fails as it is told."""

import socketserver
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

Whim = Literal["ok", "busy", "no-such-user", "gone-before-data", "lost-reply"]
"""How one session goes: it takes the letter; not now; never; or it hangs up, before or after it took it."""

LINE_BYTES_MAX: Final = 1000


class MailServer(socketserver.ThreadingTCPServer):
    """`whims` are how the next sessions go, one each; after them all is well."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.whims: deque[Whim] = deque()
        self.letters: list[tuple[str, list[str], bytes]] = []
        """From, to, and the letter as it came, of each that was taken."""
        self.heard: list[str] = []
        super().__init__(("127.0.0.1", 0), _Session)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        whim: Whim = self.server.whims.popleft() if self.server.whims else "ok"
        self._say("220 mail.example ESMTP")
        sender, to = "", []
        while line := self.rfile.readline(LINE_BYTES_MAX):
            said = line.decode("utf-8").rstrip("\r\n")
            self.server.heard.append(said)
            match said[:4].upper():
                case "EHLO" | "HELO":
                    self._say("250-mail.example\r\n250-8BITMIME\r\n250 SMTPUTF8")
                case "MAIL":
                    sender = said
                    self._say("250 ok")
                case "RCPT" if whim == "no-such-user":
                    self._say("550 5.1.1 no such user here")
                case "RCPT" if whim == "busy":
                    self._say("451 4.3.2 come again")
                case "RCPT":
                    to.append(said)
                    self._say("250 ok")
                case "DATA" if whim == "gone-before-data":
                    return
                case "DATA":
                    self._say("354 go on")
                    self._take(sender, to)
                    if whim == "lost-reply":
                        return
                    self._say("250 taken")
                case "RSET" | "NOOP":
                    self._say("250 ok")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("502 not here")

    def _take(self, sender: str, to: list[str]) -> None:
        data = b""
        while (line := self.rfile.readline(LINE_BYTES_MAX)) not in {b".\r\n", b""}:
            data += line[1:] if line.startswith(b"..") else line
        self.server.letters.append((sender, list(to), data))

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """One that runs until it is no longer needed."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
