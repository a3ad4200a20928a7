"""What of the guest can be seen without booting it: its archive, its list of proofs, and what it asks for."""

import io
from pathlib import Path

import pytest

from tests.vm import guest
from tests.vm.archive import Archive
from tests.vm.debian import MissingError, check_programs


def archived(add: bytes) -> bytes:
    out = io.BytesIO()
    archive = Archive(out)
    archive.file("etc/opos/odd", add, mode=0o755, at_s=1)
    archive.link("etc/link", "opos/odd")
    archive.file("etc/opos/odd", b"never")
    archive.end()
    return out.getvalue()


@pytest.mark.parametrize("size", range(5))
def test_a_file_stands_after_its_folders_and_ends_on_a_whole_word(size: int) -> None:
    packed = archived(b"x" * size)
    assert len(packed) % 4 == 0
    places = [packed.index(name + b"\0") for name in (b"etc", b"etc/opos", b"etc/opos/odd", b"etc/link")]
    assert places == sorted(places)
    assert packed.count(b"070701") == 5
    assert b"never" not in packed


def test_every_proof_has_a_name_of_its_own_and_a_word_chooses_among_them() -> None:
    assert len(guest.chosen("")) == len(guest.PROOFS)
    assert 0 < len(guest.chosen("grabbed")) < len(guest.PROOFS)


def test_a_machine_without_the_packages_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=r"run: apt-get install .*qemu-system-x86 busybox-static"):
        check_programs()
