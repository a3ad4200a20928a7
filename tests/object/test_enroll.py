"""From a claim to an object that knows its shop: one command, believed on both sides, or nothing at all."""

import contextlib
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cloud_sync.contract.enrolment import claim_text, confirmation_code, read_enrolment
from cloud_sync.contract.signing import SoftwareKey
from edge.cli.enroll import enroll
from edge.cli.object import object_
from edge.config import load
from edge.identity import BUILT_MS
from edge.keys import load_signer
from edge.offline_queue.pen import Pen
from edge.provision.enrol import Wait, enrol
from edge.provision.hub_door import HubDoor
from edge.provision.object_file import Setup
from edge.provision.place import place_in
from edge.provision.rotate import rotate
from retail.pricing.book import Version
from tests.object.enrolled import PaperClock
from tests.object.paper_hub import HOST_6, Authority, PaperHub, pem_of, serving
from tests.object.real_hub import eventually, free_port


@pytest.fixture(autouse=True)
def asked_without_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.provision.enrol._ASKED_EVERY_S", 0.05)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[PaperHub]:
    served = tmp_path / "served"
    served.mkdir()
    with serving(PaperHub(), served) as paper:
        yield paper


def run(hub: PaperHub, directory: Path, *options: str, **claim: str) -> tuple[int, str]:
    port = ("--port", str(free_port()))
    words = [claim_text(hub.claim(**claim)), "--dir", str(directory), "--wait-s", "1", *port, *options]
    result = CliRunner().invoke(enroll, words)
    return result.exit_code, result.output


def files_in(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_one_command_makes_an_object_of_a_machine(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    code, output = run(hub, tmp_path / "mirror")
    assert code == 0, output
    assert "mirror-4 is enrolled at demo/corner" in output
    config = load(tmp_path / "mirror" / "object.toml")
    assert (config.object.id, config.object.kind, config.object.name) == ("mirror-4", "mirror", hub_name(hub))
    assert (config.sync.broker_host, config.sync.broker_port) == ("hub.example", 8883)
    assert config.sync.broker_is_secure
    assert config.sync.hub_url == hub.url
    assert config.trust.receipt == (hub.receipt_key.public,)
    assert config.trust.documents == (hub.documents_key.public,)
    assert config.trust.roots == (hub.root_key.public,)
    assert read_enrolment(hub.asked[0]).key == load_signer(config).public
    assert config.certificate.read_text() == hub.certificate_for(load_signer(config).public)
    secret = ("data/object.key", "data/tls.key", "data/enrolment.json")
    for name in secret:
        assert stat.S_IMODE((tmp_path / "mirror" / name).stat().st_mode) == 0o600, name


def hub_name(hub: PaperHub) -> str:
    return hub.enrolled(read_enrolment(hub.asked[0])).name


def test_the_code_is_shown_until_a_person_has_compared_it(hub: PaperHub, tmp_path: Path) -> None:
    code, output = run(hub, tmp_path / "mirror", "--json")
    assert code == 1
    said = json.loads(output.splitlines()[0])
    assert said["state"] == "waiting"
    assert len(said["code"]) == len("WDJB-MJHT")
    assert f"nobody confirmed {said['code']}" in output
    assert not (tmp_path / "mirror" / "object.toml").exists()
    hub.confirmed = True
    code, output = run(hub, tmp_path / "mirror", "--json")
    assert (code, json.loads(output)["state"]) == (0, "enrolled")
    assert set(hub.asked) == {hub.asked[0]}, "it was asked in the same words again"


def test_the_glass_shows_the_code_that_the_hub_shows(hub: PaperHub, tmp_path: Path) -> None:
    port = free_port()
    with ThreadPoolExecutor(1) as installer:
        done = installer.submit(
            run, hub, tmp_path / "mirror", "--json", "--wait-s", "60", "--port", str(port)
        )
        eventually(lambda: bool(hub.asked), "the object asks")
        asked = read_enrolment(hub.asked[0])
        code = confirmation_code(asked.claim, asked.key, hub.claim().fingerprint)
        eventually(lambda: code in page(port), "the glass shows the code")
        assert "Does the hub show the same code?" in page(port)
        assert "script-src" in httpx.get(f"http://127.0.0.1:{port}/").headers["content-security-policy"]
        for name in ("code.css", "code.js", "icon.svg"):
            assert httpx.get(f"http://127.0.0.1:{port}/static/{name}").status_code == 200
        assert httpx.get(f"http://127.0.0.1:{port}/static/page.html").status_code == 404
        assert page(port, host="hub.example") == ""
        hub.confirmed = True
        assert done.result(60)[0] == 0
    with socket.create_server(("127.0.0.1", port)):
        """The port is the object's own again."""


def page(port: int, host: str = "127.0.0.1") -> str:
    """What the glass shows to a browser that calls it `host`; nothing if it is not there, or not let in."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": f"{host}:{port}"})
    except httpx.ConnectError:
        return ""
    return answer.text if answer.status_code == 200 else ""


def test_a_glass_that_something_else_has_is_no_reason_not_to_enrol(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, output = run(hub, tmp_path / "mirror", "--port", str(taken.getsockname()[1]))
    assert code == 0, output


def test_the_same_claim_given_twice_changes_nothing(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    run(hub, tmp_path / "mirror")
    before, asked = files_in(tmp_path / "mirror"), len(hub.asked)
    code, output = run(hub, tmp_path / "mirror", "--json")
    assert (code, json.loads(output)["state"]) == (0, "already")
    assert files_in(tmp_path / "mirror") == before
    assert len(hub.asked) == asked


def test_a_new_claim_renews_the_line_of_an_object_and_leaves_its_file(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    run(hub, tmp_path / "mirror")
    file = tmp_path / "mirror" / "object.toml"
    file.write_text(file.read_text().replace("[display]", "# said by the installer\n[display]"))
    before = files_in(tmp_path / "mirror")
    hub.broker, hub.version = "mqtts://[2001:db8::1]:8884", Version(1, 2)
    code, output = run(hub, tmp_path / "mirror", id="another-claim")
    assert code == 0, output
    after = files_in(tmp_path / "mirror")
    assert read_enrolment(hub.asked[-1]).dev == "mirror-4"
    assert after["data/object.key"] == before["data/object.key"]
    assert after["data/tls.crt"] != before["data/tls.crt"]
    assert b"# said by the installer" in after["object.toml"]
    config = load(file)
    assert (config.sync.broker_host, config.sync.broker_port) == ("2001:db8::1", 8884)


def test_who_has_yet_to_tell_the_hub_of_another_key_comes_back_by_the_one_that_it_knows(
    hub: PaperHub, tmp_path: Path
) -> None:
    hub.confirmed = True
    run(hub, tmp_path / "mirror")
    config = load(tmp_path / "mirror" / "object.toml")
    known = load_signer(config).public
    with closing(Pen(config.ledger, load_signer(config), config.object.id, PaperClock())) as pen:
        pen.begin("0.1.0")
    rotate(config, PaperClock())
    code, output = run(hub, tmp_path / "mirror", id="another-claim")
    assert code == 0, output
    assert read_enrolment(hub.asked[-1]).key == known != load_signer(config).public


def test_a_claim_for_another_object_leaves_this_one_alone(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    run(hub, tmp_path / "mirror")
    before = files_in(tmp_path / "mirror")
    hub.object = "mirror-5"
    code, output = run(hub, tmp_path / "mirror", id="another-claim")
    assert code == 1
    assert "the mirror mirror-4 of demo/corner lives here" in output
    left = files_in(tmp_path / "mirror")
    assert {**left, "data/enrolment.json": b""} == {**before, "data/enrolment.json": b""}


def test_a_hub_that_is_busy_or_starting_is_asked_again(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    hub.statuses.extend([503, 429])
    code, output = run(hub, tmp_path / "mirror")
    assert code == 0, output
    assert "answers 503: it cannot now" in output
    assert len(hub.asked) == 3


def test_a_hub_that_is_not_there_is_said(tmp_path: Path) -> None:
    hub = PaperHub()
    hub.url = "https://127.0.0.1:1"
    code, output = run(hub, tmp_path / "mirror")
    assert code == 1
    assert "https://127.0.0.1:1 does not answer" in output


REFUSALS: dict[str, Callable[[PaperHub], object]] = {
    "the claim has expired": lambda hub: hub.statuses.append(403),
    "refuses: wrong object": lambda hub: setattr(hub, "refusal", "wrong object"),
    "somebody is between the two": lambda hub: hub.spoil.update(code="000 001"),
    "is not the hub of this claim": lambda hub: setattr(hub, "shown", pem_of(Authority("other").certificate)),
    "answered more than 16384 bytes": lambda hub: setattr(hub, "shown", "x" * 20_000),
    "answered what no hub says": lambda hub: hub.statuses.append(200),
    "that is no hub (a captive portal?)": lambda hub: hub.statuses.append(302),
    "and what answers has none": lambda hub: setattr(hub, "shown", "<html>Please log in</html>"),
}


@pytest.mark.parametrize("sentence", REFUSALS)
def test_an_enrolment_that_cannot_be_is_one_sentence(hub: PaperHub, tmp_path: Path, sentence: str) -> None:
    REFUSALS[sentence](hub)
    code, output = run(hub, tmp_path / "mirror")
    assert code == 1
    assert sentence in output
    assert not (tmp_path / "mirror" / "object.toml").exists()


def test_a_hub_whose_certificate_is_of_another_root_never_hears_the_claim(tmp_path: Path) -> None:
    hub = PaperHub()
    with serving(hub, tmp_path, issuer=Authority("somebody else")):
        code, output = run(hub, tmp_path / "mirror")
    assert (code, hub.asked) == (1, [])
    assert "somebody else answers" in output


def test_a_hub_under_a_name_that_its_certificate_has_not_never_hears_the_claim(
    hub: PaperHub, tmp_path: Path
) -> None:
    hub.url = hub.url.replace("127.0.0.1", "localhost")
    code, output = run(hub, tmp_path / "mirror")
    assert (code, hub.asked) == (1, [])
    assert "for another name" in output


OTHER = SoftwareKey.generate()
WRONG_ANSWERS: dict[str, Callable[[PaperHub], dict[str, object]]] = {
    "its root certificate is not the one": lambda _: {"root": pem_of(Authority("other").certificate)},
    "the certificate is for another key": lambda hub: {
        "chain": hub.issuer.certify("mirror-4", Authority("other").key.public_key())
        + pem_of(hub.issuer.certificate)
    },
    "expected certificates in PEM": lambda _: {"chain": "none"},
    "got one for key": lambda hub: {"certificate": hub.certificate_for(OTHER.public)},
    "of mirror-9": lambda hub: {"certificate": hub.certificate_for(OTHER.public, "mirror-9")},
    "nobody we trust owns key": lambda _: {"roots": (OTHER.public,)},
    "its keyring is one of rival": lambda hub: {"keyring": hub.keyring(tenant="rival")},
    "expected 1 to 8 keys": lambda hub: {"keyring": hub.keyring(documents=())},
    "is another machine": lambda _: {"broker": "mqtt://hub.example:1883"},
    "sync.broker": lambda _: {"broker": "mqtts://hub.example"},
    "Invalid enum value 'fridge'": lambda _: {"kind": "fridge"},
    "no time zone is called": lambda _: {"timezone": "Mars"},
}


@pytest.mark.parametrize("sentence", WRONG_ANSWERS)
def test_an_answer_that_does_not_fit_is_not_kept(hub: PaperHub, tmp_path: Path, sentence: str) -> None:
    hub.confirmed = True
    hub.spoil = WRONG_ANSWERS[sentence](hub)
    code, output = run(hub, tmp_path / "mirror")
    assert code == 1
    assert sentence in output
    there = set(files_in(tmp_path / "mirror"))
    assert not there & {"object.toml", "trust.json", "data/tls.crt", "data/root.crt", "data/keyring.jws"}


def test_a_certificate_of_somebody_elses_issuer_is_not_kept(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed, hub.issuer = True, Authority("stranger")
    code, output = run(hub, tmp_path / "mirror")
    assert code == 1
    assert "CN=stranger is not vouched for by CN=paper root" in output
    assert not (tmp_path / "mirror" / "object.toml").exists()


def test_a_keyring_of_yesterday_is_refused_even_by_an_installer(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed, hub.version = True, Version(2, 5)
    run(hub, tmp_path / "mirror")
    hub.version = Version(2, 4)
    code, output = run(hub, tmp_path / "mirror", id="another-claim")
    assert code == 1
    assert "the hub sent the keyring 2.4, and this object has 2.5 already" in output


@pytest.mark.parametrize("text", ["", "OPOS1.", "OPOS1.e30", "OPOS2.e30", "OPOS1.%%%", "x" * 5000])
def test_a_claim_that_is_none_is_wrong_usage(tmp_path: Path, text: str) -> None:
    result = CliRunner().invoke(enroll, [text, "--dir", str(tmp_path / "mirror")])
    assert result.exit_code == 2
    assert "copy all of it" in result.output


def test_a_claim_may_come_down_a_pipe_with_line_ends_in_it(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    text = claim_text(hub.claim())
    piped = f"{text[:40]}\n{text[40:]}\n"
    result = CliRunner().invoke(enroll, ["-", "--dir", str(tmp_path / "mirror")], input=piped)
    assert result.exit_code == 0, result.output


def test_a_hub_may_be_where_there_is_only_ipv6(tmp_path: Path) -> None:
    hub = PaperHub()
    hub.confirmed = True
    with serving(hub, tmp_path, host=HOST_6):
        code, output = run(hub, tmp_path / "mirror")
    assert code == 0, output
    assert load(tmp_path / "mirror" / "object.toml").sync.hub_url.startswith("https://[::1]:")


def test_the_devices_and_the_seal_are_the_installers(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed, hub.kind, hub.object = True, "shelf", "shelf-2"
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    scale, reader = "tcp:127.0.0.1:9?profile=mt-sics", "serial:/dev/ttyUSB0?profile=r200"
    words = ("--peripheral", f"scale={scale}", "--peripheral", f"reader={reader}", "--account", "a7Kx")
    code, output = run(hub, tmp_path / "shelf", *words, "--secret", str(secret), "--port", "8102")
    assert code == 0, output
    config = load(tmp_path / "shelf" / "object.toml")
    assert {each.role: each.uri for each in config.peripherals} == {"scale": scale, "reader": reader}
    assert (config.account, config.display.port) == ("a7Kx", 8102)
    assert load_signer(config).tier == read_enrolment(hub.asked[0]).tier == "sealed-file"


def test_the_data_may_be_where_a_service_has_its_own(hub: PaperHub, tmp_path: Path) -> None:
    hub.confirmed = True
    data = tmp_path / "var"
    data.mkdir()
    code, output = run(hub, tmp_path / "etc", "--data", str(data))
    assert code == 0, output
    config = load(tmp_path / "etc" / "object.toml")
    assert (config.data_dir, config.tls.key.parent, config.key.parent) == (data, data, data)
    assert {path.name for path in (tmp_path / "etc").iterdir()} == {"object.toml", "trust.json"}
    assert CliRunner().invoke(object_, ["reset", str(tmp_path / "etc" / "object.toml")]).exit_code == 0
    assert list((tmp_path / "etc").iterdir()) == []


@pytest.mark.parametrize("name", ['"', "\\", "a\nb = 1", "\x7f\x00\x01", "\u2028 \U0001f6cd", "]"])
def test_a_name_of_the_hubs_is_a_name_and_nothing_else(hub: PaperHub, tmp_path: Path, name: str) -> None:
    hub.confirmed = True
    hub.spoil = {"name": name}
    code, output = run(hub, tmp_path / "mirror")
    assert code == 0, output
    assert load(tmp_path / "mirror" / "object.toml").object.name == name


def test_a_device_that_no_object_has_is_wrong_usage(hub: PaperHub, tmp_path: Path) -> None:
    for words in (("--peripheral", "oven=x"), ("--peripheral", "reader")):
        code, output = run(hub, tmp_path / "mirror", *words)
        assert code == 2
        assert "expected reader=URI" in output
    assert hub.asked == []


class PowerCutError(BaseException):
    """The machine is off: nothing that would clean up comes after it."""


def cut_at(patch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Cut the power at the `step`-th time that something is synced or gets its name; the steps so far."""
    steps: list[int] = []

    def count() -> None:
        steps.append(len(steps) + 1)
        if steps[-1] == step:
            raise PowerCutError

    fsync, replace = os.fsync, Path.replace

    def counted_fsync(descriptor: int) -> None:
        count()
        fsync(descriptor)

    def counted_replace(path: Path, target: Path) -> Path:
        count()
        return replace(path, target)

    patch.setattr(os, "fsync", counted_fsync)
    patch.setattr(Path, "replace", counted_replace)
    return steps


def enrol_in(hub: PaperHub, directory: Path, claim_id: str = "AbCdEfGh1234") -> None:
    """What the command does, without a glass."""
    claim, place = hub.claim(id=claim_id), place_in(directory, Setup(8101))
    door = HubDoor(claim, lambda: BUILT_MS)
    enrol(claim, place, Setup(8101), door, Wait(1, lambda _: None, lambda _: None))


def was_cut_at(hub: PaperHub, directory: Path, step: int) -> bool:
    """Enrol until the power is cut at `step`; False if it was never cut."""
    with pytest.MonkeyPatch.context() as patch:
        steps = cut_at(patch, step)
        with contextlib.suppress(PowerCutError):
            enrol_in(hub, directory)
        return len(steps) >= step


@pytest.mark.parametrize("again", [False, True])
def test_a_power_cut_at_any_step_leaves_a_command_that_can_be_given_again(
    hub: PaperHub, tmp_path: Path, again: bool
) -> None:
    hub.confirmed = True
    step, was_cut = 0, True
    while was_cut:
        step += 1
        directory = tmp_path / f"m{step}"
        if again:
            enrol_in(hub, directory, "first-claim")
        key = directory / "data" / "object.key"
        had = key.read_bytes() if key.exists() else None
        hub.asked.clear()
        was_cut = was_cut_at(hub, directory, step)
        enrol_in(hub, directory)
        assert len(set(hub.asked)) == 1, f"step {step}: the hub was asked for something else"
        assert load_signer(load(directory / "object.toml")).public == read_enrolment(hub.asked[0]).key
        assert had in {None, key.read_bytes()}
        assert not list(directory.rglob("*.part"))
    assert step > 20, "every file is written, synced and named"
