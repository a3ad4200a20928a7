"""Members on the request lane: a code that nobody guesses, a hash of it, and a name that is not printed."""

import msgspec
import pytest

from cloud_sync.contract.members import MEMBER_PREFIX, MemberAsked, MemberKnown, new_code, shown_by
from cloud_sync.contract.requests import Answer, Ask


def test_every_code_is_another_one_and_fits_a_small_picture() -> None:
    codes = {new_code() for _ in range(100)}

    assert len(codes) == 100
    assert all(code.startswith(MEMBER_PREFIX) and len(code) == len(MEMBER_PREFIX) + 20 for code in codes)


def test_what_is_asked_is_the_hash_of_what_was_read() -> None:
    # printf opos:member:1 | sha256sum | cut -c-64 | xxd -r -p | base64 | tr +/ -_ | tr -d =
    assert shown_by(" opos:member:1\n") == "xnnTdzu9DGcp_WFZ1qcpwQzs0lyzWDM1Lpxn_n19exc"
    asked = MemberAsked(shown_by("opos:member:1"))
    assert msgspec.json.decode(msgspec.json.encode(asked), type=Ask) == asked
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"what":"member","shown":"opos:member:1"}', type=Ask)


def test_a_name_is_told_to_the_object_and_printed_nowhere() -> None:
    known = MemberKnown("gold", "Ann")

    assert msgspec.json.decode(msgspec.json.encode(known), type=Answer) == known
    assert repr(known) == "MemberKnown(gold)"
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"what":"member","level":"gold","name":"%b"}' % (b"x" * 41), type=Answer)
