"""The root's word for the journal's key: this object's alone, and older ones stay for old receipts."""

from pathlib import Path

import pytest

from cloud_sync.contract.signing import PublicKey, SoftwareKey
from edge.config import ObjectConfig
from edge.identity import (
    CertificateRefusedError,
    certificate_files,
    is_certified,
    keep_certificate,
    path_before,
)
from edge.keys import load_signer
from tests.object.enrolled import enrolled_in
from tests.object.paper_hub import PaperHub

OTHER = SoftwareKey.generate().public


@pytest.fixture
def hub() -> PaperHub:
    return PaperHub()


@pytest.fixture
def config(tmp_path: Path, hub: PaperHub) -> ObjectConfig:
    return enrolled_in(tmp_path / "mirror", hub)


def mine(config: ObjectConfig) -> PublicKey:
    return load_signer(config).public


def test_the_certificate_of_the_enrolment_is_for_the_key_that_signs(config: ObjectConfig) -> None:
    assert is_certified(config, mine(config))
    assert not is_certified(config, OTHER)


@pytest.mark.parametrize("text", ["", "a.b.c", "a shopping list", "\xff" * 20_000])
def test_a_certificate_that_is_none_counts_as_missing(config: ObjectConfig, text: str) -> None:
    config.certificate.write_text(text)
    assert not is_certified(config, mine(config))
    config.certificate.unlink()
    assert not is_certified(config, mine(config))


def test_the_certificate_of_another_key_takes_the_place_and_the_older_one_stays(
    config: ObjectConfig, hub: PaperHub
) -> None:
    before, kid = config.certificate.read_text(), mine(config).kid
    jws = hub.certificate_for(OTHER)
    for _ in range(2):
        keep_certificate(config, jws, OTHER)
    assert is_certified(config, OTHER)
    older = path_before(config.certificate, kid)
    assert (config.certificate.read_text(), older.read_text()) == (jws, before)
    assert certificate_files(config.certificate) == [config.certificate, older]


def test_one_that_is_missing_or_damaged_is_replaced_and_leaves_nothing(
    config: ObjectConfig, hub: PaperHub
) -> None:
    for spoil in (Path.unlink, lambda path: path.write_text("rust")):
        spoil(config.certificate)
        keep_certificate(config, hub.certificate_for(mine(config)), mine(config))
        assert is_certified(config, mine(config))
        assert certificate_files(config.certificate) == [config.certificate]


def test_a_certificate_that_is_not_this_objects_changes_nothing(config: ObjectConfig, hub: PaperHub) -> None:
    before, key = config.certificate.read_bytes(), mine(config)
    for jws, why in (
        (hub.certificate_for(OTHER), f"for key {key.kid} of mirror-4, got one for key {OTHER.kid}"),
        (hub.certificate_for(key, "shelf-1"), "of shelf-1"),
        (PaperHub().certificate_for(key), "nobody we trust"),
        (hub.keyring(), "expected ES256 and opos-key"),
        ("nothing", "expected a compact JWS"),
    ):
        with pytest.raises(CertificateRefusedError, match=why):
            keep_certificate(config, jws, key)
    assert config.certificate.read_bytes() == before
