"""One driver under a fuzzer that is led by the paths that its bytes open: needs atheris."""

import sys

import atheris

with atheris.instrument_imports(include=["edge"]):
    from tests.drivers.fuzz.trial import check_bytes


def fuzz(profile: str, options: list[str]) -> None:
    """Feed the driver of a profile until the options of libFuzzer say that it is enough."""
    with atheris.instrument_imports(include=["edge"]):
        check_bytes(profile, b"")  # a driver's module is imported when it is asked for
    atheris.Setup([sys.argv[0], *options], lambda data: check_bytes(profile, data))
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], sys.argv[2:])
