"""How every `opos` command ends: the exit codes that a script may rely on."""

from enum import IntEnum


class Exit(IntEnum):
    """One number for each way to end.

    The rooms below the front door cannot import these: they end with the same numbers through click, which
    gives 1 for a `ClickException` and 2 for a `UsageError` of its own accord.
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    SIGN_IN = 4
    INTERRUPTED = 130  # what a shell reports for a process that Ctrl-C ended: 128 + SIGINT


MEANINGS = {
    Exit.OK: "ok",
    Exit.FAILED: "findings, or failed",
    Exit.USAGE: "wrong usage",
    Exit.SIGN_IN: "sign-in needed",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
}
EXIT_CODES = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."
