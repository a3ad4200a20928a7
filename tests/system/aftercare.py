"""Hands at an object that sells: its scale, a sale on trial, a bundle for support, and how it says it is."""

import io
import json
import re
import tarfile
from typing import Final

from tests.system.hands import Said, told
from tests.system.shop import FILE, OBJECT, SCARF_MG, Shop
from tests.system.step import FellError
from tests.system.typist import lines
from tests.system.waiting import until

HEALTH_PAGE: Final = "docs/health.md"
_STAFF: Final = "a7Kx2mQ9vR4t"
_WEIGHT_MG: Final = 1_000_000
_WAIT_S: Final = 60.0
_BUNDLE: Final = "/srv/bundle.tar.gz"
_METRICS: Final = "/run/opos/metrics.prom"
# They are written every quarter of a minute; a busy machine is late with it.
_FRESH_S: Final = 30
# Long enough that nothing else reads so by chance.
_SECRET_CHARS: Final = 24


def a_scale_is_calibrated_while_the_object_rests(shop: Shop) -> str:
    """A known weight, three times on and off; the journal has it, and the object sells again by itself."""

    def hand(said: Said) -> None:
        if said["state"] in {"put", "lift"}:
            shop.bench.hand("scale", {"put": "put", "lift": "take"}[said["state"]], mass_mg=_WEIGHT_MG)

    head = shop.until_level()
    words = ("--weight", "1000", "--by", _STAFF, "--stop-object", "--hold-s", "1", "--json")
    said = told(shop.object, "opos", "calibrate", "scale", *words, hand=hand)
    if said[-1]["state"] != "saved" or said[-1]["staff"] != _STAFF:
        raise FellError(f"it ended with {said[-1]}")
    shop.until_sellable(_WAIT_S)
    until(lambda: shop.status()["head"] > head or None, "the journal has an entry of it", _WAIT_S)
    shop.sell()
    return f"off by {said[-1]['error_mg']} mg; states: {', '.join(each['state'] for each in said)}"


def a_whole_sale_is_tried_and_leaves_nothing(shop: Shop) -> str:
    """`opos test-sale --void --json`: a scarf is laid into the tray, and paid in training."""
    before = shop.status()["sales"]
    epc = shop.next_scarf()

    def hand(said: Said) -> None:
        if said["state"] == "show":
            shop.bench.lay(epc, SCARF_MG)
        if said["state"] == "done":
            shop.bench.take(epc, SCARF_MG)

    said = told(shop.object, "opos", "test-sale", "--void", "--json", hand=hand)
    if said[-1]["state"] != "sold-and-voided" or shop.status()["sales"] != before:
        raise FellError(f"{before} sales before, {shop.status()['sales']} after: {said[-1]}")
    shop.until_sellable(_WAIT_S)
    shop.sell()
    return ", ".join(each["state"] for each in said)


def a_bundle_for_support_holds_no_secret(shop: Shop) -> str:
    """It lists what it holds, and has neither a key of the object's nor its claim."""
    shop.object.path(_BUNDLE).unlink(missing_ok=True)
    said = told(shop.object, "opos", "support", "bundle", "--out", _BUNDLE, "--json", hand=lambda _: None)
    packed = shop.object.path(_BUNDLE).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(packed)) as bundle:
        texts = {each.name: file.read() for each in bundle if (file := bundle.extractfile(each))}
    listed = next(text for name, text in texts.items() if name.endswith("CONTENTS.txt")).decode()
    names = {each["name"] for each in said if each["state"] == "held"}
    if len(texts) != len(names) + 1 or not all(name in listed for name in names):
        raise FellError(f"it holds {sorted(texts)}, and lists {sorted(names)}")
    if found := [name for name, text in texts.items() if any(secret in text for secret in _secrets(shop))]:
        raise FellError(f"a secret of the object's is in {', '.join(found)}")
    shop.object.run("rm", _BUNDLE)
    return f"{len(texts)} files, {len(packed) // 1024} KiB"


def an_object_says_how_it_is(shop: Shop) -> str:
    """Its name on the glass, its numbers in a file, its log by its name; a shell completes its commands."""
    told(shop.object, "opos", "identify", "--seconds", "5", "--json", hand=lambda _: None)
    until(lambda: shop.glass.look().get("identify") or None, "the glass shows its name", _WAIT_S)
    until(lambda: not shop.glass.look().get("identify") or None, "the glass is free again", _WAIT_S)
    age_s = until(lambda: _fresh(shop), f"{_METRICS} is written anew", _WAIT_S)
    logged = shop.object.run(
        "journalctl", f"OPOS_OBJECT={OBJECT}", "--output=json", "--lines=20", "--no-pager"
    )
    lines = [json.loads(line) for line in logged.splitlines()]
    if not lines or not all(line["_SYSTEMD_UNIT"].startswith("opos-") for line in lines):
        raise FellError(f"the journal has {len(lines)} lines of it")
    completed = shop.object.run("bash", "-c", _COMPLETES).split()
    if "doctor" not in completed:
        raise FellError(f"`opos do` was completed to {completed}")
    return f"numbers {age_s} s old, {len(lines)} lines in the journal, completes {', '.join(completed)}"


def what_the_page_of_its_health_has_somebody_type_is_answered(shop: Shop) -> str:
    """docs/health.md: the journal is asked by object and by room, and the manual has its page."""
    asked = [
        line.replace("mirror-4", OBJECT) for line in lines(HEALTH_PAGE) if line.startswith("journalctl ")
    ]
    for line in asked:
        shop.object.run("sh", "-c", f"{line.split(' | ')[0]} --no-pager")
    pages = [line.split()[1] for line in lines(HEALTH_PAGE) if line.startswith("man ")]
    for page in pages:
        shop.object.run("gzip", "--test", f"/usr/share/man/man1/{page}.1.gz")
    said = json.loads(shop.object.run("journalctl", f"OPOS_OBJECT={OBJECT}", "--output=json", "--lines=1"))
    if "MESSAGE_ID" not in said:
        raise FellError(f"a line of its log has no MESSAGE_ID: {said}")
    return f"{len(asked)} questions, {', '.join(pages)}"


STEPS: Final = (
    a_scale_is_calibrated_while_the_object_rests,
    a_whole_sale_is_tried_and_leaves_nothing,
    a_bundle_for_support_holds_no_secret,
    an_object_says_how_it_is,
    what_the_page_of_its_health_has_somebody_type_is_answered,
)

# What bash does at a tab behind `opos do`.
_COMPLETES: Final = """\
source <(opos completion bash)
COMP_WORDS=(opos do) COMP_CWORD=1 COMP_LINE="opos do" COMP_POINT=7
function=$(complete -p opos | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function opos do opos
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _fresh(shop: Shop) -> int | None:
    """How old the numbers are; None while they are old, or not of this object."""
    age_s = int(shop.object.run("sh", "-c", f"echo $(($(date +%s) - $(stat --format=%Y {_METRICS})))"))
    text = shop.object.run("cat", _METRICS)
    return age_s if f'object="{OBJECT}"' in text and age_s < _FRESH_S else None


def _secrets(shop: Shop) -> list[bytes]:
    """Lines of its keys, and its claim."""
    keys = shop.object.run("sh", "-c", f"cat /var/lib/opos/*.key; cat {FILE.replace('object.toml', 'claim')}")
    return [word.encode() for word in re.findall(rf"[\w+/=.-]{{{_SECRET_CHARS},}}", keys) if "--" not in word]
