"""The hub's commands as a person types them: each can be repeated, each refusal is a sentence."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.signing import PublicKey, SoftwareKey, Verifier, unseal
from cloud_sync.hub.cli import hub as hub_command
from tests.hub.hub_world import HubWorld

SHOP = Path(__file__).parents[2] / "simulators" / "shops" / "corner"
KEY = SoftwareKey.generate().public
OTHER = SoftwareKey.generate().public


def opos_hub(*words: str | Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(hub_command, [str(word) for word in words], input=typed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hub"
    assert opos_hub("init", "--dir", path).exit_code == 0
    return path


def admit(folder: Path, key: object, *more: str) -> Result:
    words = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner", "--json")
    return opos_hub("admit", "--dir", folder, *words, "--key", json.dumps(key), *more)


def test_a_hub_is_made_once_and_its_keys_are_its_owners_alone(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.key")}

    assert opos_hub("init", "--dir", folder).exit_code == 0

    assert {path.name: path.read_bytes() for path in folder.glob("*.key")} == before
    assert set(before) == {"receipt.key", "documents.key", "root.key", "root2.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")} == {0o600}
    assert stat.S_IMODE((folder / "hub.db").stat().st_mode) == 0o600
    assert not list(folder.glob("*.part"))


def test_trust_is_what_an_object_is_told_to_believe(folder: Path) -> None:
    trust = json.loads(opos_hub("trust", "--dir", folder).stdout)

    assert set(trust) == {"receipt", "documents", "roots"}
    assert {name: len(keys) for name, keys in trust.items()} == {"receipt": 1, "documents": 1, "roots": 2}
    assert all(set(key) == {"x", "y"} for keys in trust.values() for key in keys)
    assert trust["receipt"] != trust["documents"]
    assert json.loads(opos_hub("trust", "--dir", folder, "--json").stdout) == trust


def test_an_object_is_admitted_once_and_by_its_own_key(folder: Path) -> None:
    answers = [admit(folder, KEY.jwk()), admit(folder, KEY.jwk()), admit(folder, OTHER.jwk())]

    assert [answer.exit_code for answer in answers] == [0, 0, 1]
    assert [json.loads(answer.stdout)["admitted"] for answer in answers[:2]] == ["now", "already"]
    assert json.loads(answers[0].stdout)["kid"] == KEY.kid
    assert "is admitted already" in answers[2].stderr
    assert "--replace" in answers[2].stderr

    replaced = admit(folder, OTHER.jwk(), "--replace")
    assert json.loads(replaced.stdout)["admitted"] == "replaced"
    assert json.loads(replaced.stdout)["kid"] == OTHER.kid


def test_a_root_vouches_for_the_key_of_an_object_that_was_admitted(folder: Path) -> None:
    unknown = opos_hub("certify", "--dir", folder, "--object", "mirror-4")
    assert unknown.exit_code == 1
    assert "was never admitted" in unknown.stderr
    admit(folder, KEY.jwk())

    jws = opos_hub("certify", "--dir", folder, "--object", "mirror-4", "--tier", "tpm").stdout.strip()

    roots = [
        Verifier(PublicKey(**root)) for root in json.loads(opos_hub("trust", "--dir", folder).stdout)["roots"]
    ]
    certified = unseal(jws, CERTIFICATE_TYPE, {root.kid: root for root in roots}, CertifiedKey)
    assert (certified.dev, certified.tenant, certified.key, certified.tier) == (
        "mirror-4",
        "demo",
        KEY,
        "tpm",
    )
    assert certified.since_ms > 0


def test_a_key_may_come_from_another_command(folder: Path) -> None:
    words = ("--object", "m", "--tenant", "t", "--site", "s", "--key", "-")

    answer = opos_hub("admit", "--dir", folder, *words, typed=json.dumps(KEY.jwk()) + "\n")

    assert answer.exit_code == 0
    assert KEY.kid in answer.stdout


WRONG_KEYS = [
    ("no json", 2, "expected {"),
    ('{"x":"AAAA"}', 2, "expected {"),
    ('{"x":"AAAA","y":"AAAA"}', 1, "expected a P-256 public key"),
    ('{"x":"?","y":"AAAA"}', 1, "expected a P-256 public key"),
]


@pytest.mark.parametrize(("key", "code", "said"), WRONG_KEYS)
def test_a_key_that_is_none_is_refused(folder: Path, key: str, code: int, said: str) -> None:
    words = ("--object", "m", "--tenant", "t", "--site", "s", "--key", key)

    answer = opos_hub("admit", "--dir", folder, *words)

    assert answer.exit_code == code
    assert said in answer.stderr


@pytest.mark.parametrize("name", ["a/b", "a+b", "#", "", "sold", "transit", "x" * 64, "mirror-4.training"])
def test_a_name_that_no_topic_can_have_is_refused(folder: Path, name: str) -> None:
    words = ("--tenant", "t", "--site", "s", "--key", json.dumps(KEY.jwk()))

    answer = opos_hub("admit", "--dir", folder, "--object", name, *words)

    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: object: ")


def test_the_demo_shop_is_imported_and_again(folder: Path) -> None:
    first = opos_hub("import", SHOP, "--dir", folder)
    second = opos_hub("import", SHOP, "--dir", folder)

    assert first.stdout.splitlines() == [
        "demo/corner: 7 new deliveries",
        "  prices 1.1 is new",
        "  deliveries 1.1 is new",
    ]
    assert second.stdout.splitlines() == [
        "demo/corner: 0 new deliveries",
        "  prices 1.1 is unchanged",
        "  deliveries 1.1 is unchanged",
    ]


def test_a_shop_with_a_mistake_is_refused_in_sentences(folder: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop)
    products = (shop / "products.csv").read_text(encoding="utf-8").replace("7990", "79.90")
    (shop / "products.csv").write_text(products, encoding="utf-8")

    answer = opos_hub("import", shop, "--dir", folder)

    assert answer.exit_code == 1
    assert len(answer.stderr.splitlines()) == 2
    assert "products.csv, line 2, column price_minor: expected the price in minor units" in answer.stderr


def test_status_is_the_figures_for_programs_and_sentences_for_people(folder: Path) -> None:
    opos_hub("import", SHOP, "--dir", folder)
    admit(folder, KEY.jwk())

    found = json.loads(opos_hub("status", "--dir", folder, "--json").stdout)
    said = opos_hub("status", "--dir", folder).stdout

    assert found["generation"] == 1
    assert found["figures"]["acked"] == {"mirror-4": 0}
    assert sum(found["figures"]["stock"].values()) == 28
    assert found["objects"][0]["name"] == "Fitting room 4"
    assert found["troubles"] == []
    assert "The shop at the corner (demo/corner)" in said
    assert "mirror-4: not heard yet, 0 of 0 entries here, 0 sales, heard never" in said


def test_figures_can_be_made_again_by_hand(folder: Path) -> None:
    opos_hub("import", SHOP, "--dir", folder)
    before = opos_hub("status", "--dir", folder, "--json").stdout

    assert opos_hub("rebuild", "--dir", folder).exit_code == 0
    assert opos_hub("status", "--dir", folder, "--json").stdout == before


NEEDS_A_HUB = [
    ("status",),
    ("trust",),
    ("rebuild",),
    ("import", str(SHOP)),
    ("run", "--port", "0", "--broker", "h:1"),
]


@pytest.mark.parametrize("words", NEEDS_A_HUB)
def test_a_directory_without_a_hub_is_said_with_the_command_that_mends_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = opos_hub(*words, "--dir", tmp_path)

    assert answer.exit_code == 1
    assert answer.stderr == f"Error: {tmp_path}: there is no hub here: run `opos hub init --dir {tmp_path}`\n"


def test_a_file_that_is_no_hubs_database_is_said(folder: Path) -> None:
    (folder / "hub.db").write_bytes(b"not a database" * 100)

    answer = opos_hub("status", "--dir", folder)

    assert answer.exit_code == 1
    assert "database cannot be used: file is not a database" in answer.stderr


def test_a_database_of_another_version_is_left_alone(hub: HubWorld, tmp_path: Path) -> None:
    with hub.store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    answer = opos_hub("status", "--dir", tmp_path)

    assert answer.exit_code == 1
    assert "got version 9999" in answer.stderr


@pytest.mark.parametrize("broker", ["localhost", ":1883", "h:0", "h:65536", "h:x"])
def test_a_broker_is_a_host_and_a_port(folder: Path, broker: str) -> None:
    answer = opos_hub("run", "--dir", folder, "--port", "0", "--broker", broker)

    assert answer.exit_code == 2
    assert "expected HOST:PORT" in answer.stderr
