"""Links that ask for money: UPI and Bitcoin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.payment_codes import bitcoin, upi
from retail.payment_codes.bitcoin import BitcoinLink
from retail.payment_codes.refusal import Refused, UnwritableError
from retail.payment_codes.upi import UpiLink

# The first address that was ever paid, and those of BIP-173 and BIP-350.
FIRST = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
TAPROOT = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
TESTNET = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"


@pytest.mark.parametrize(
    ("uri", "field"),
    [
        ("upi://mandate?pa=a@bank", "scheme"),
        ("upi://pay?pn=Shop", "pa"),
        ("upi://pay?pa=shop", "pa"),
        ("upi://pay?pa=a@bank&am=ten", "am"),
        ("upi://pay?pa=a@bank&am=1.005", "am"),
        ("upi://pay?pa=a@bank&am=0", "am"),
        ("upi://pay?pa=a@bank&am=-1", "am"),
        ("upi://pay?pa=a@bank&mam=x", "mam"),
        ("upi://pay?pa=a@bank&cu=USD", "cu"),
        ("upi://pay?pa=a@bank&mc=12", "mc"),
        ("upi://pay?pa=a@bank&pa=b@bank", "pa"),
        ("upi://pay?pa=a@bank&tn=%zz", "query"),
        ("upi://pay?pa=a@bank&tn=%ff", "tn"),
        ("upi://pay?pa=a@bank&tn=two words", "query"),
        ("upi://pay?pa=a@bank" + "&x=1" * 70, "query"),
    ],
)
def test_a_link_of_upi_that_nobody_could_pay_is_refused(uri: str, field: str) -> None:
    found = upi.read(uri)
    assert isinstance(found, Refused)
    assert found.field == field


def test_a_space_is_written_as_percent_20_and_a_plus_stays_a_plus() -> None:
    link = upi.build("shop@bank", 14950, pn="Corner shop", tn="1+1=2")
    assert upi.write(link) == "upi://pay?pa=shop@bank&pn=Corner%20shop&tn=1%2B1%3D2&am=149.50&cu=INR"
    found = upi.read("UPI://PAY?pa=shop@bank&tn=1+1")
    assert isinstance(found, UpiLink)
    assert found.value("tn") == "1+1"


def test_keys_that_nobody_knows_are_kept() -> None:
    found = upi.read("upi://pay?pa=shop@bank&am=&mam=null&newkey=7")
    assert isinstance(found, UpiLink)
    assert (found.value("newkey"), found.amount, found.least) == ("7", None, None)


@given(amount_minor=st.integers(1, 10**9), note=st.text(max_size=30))
def test_a_link_of_upi_is_read_as_it_was_written(amount_minor: int, note: str) -> None:
    link = upi.build("shop@bank", amount_minor, tn=note)
    assert upi.read(upi.write(link)) == link
    assert link.amount is not None
    assert link.amount.minor == amount_minor


def test_a_link_to_nobody_is_not_built() -> None:
    with pytest.raises(UnwritableError, match="pa"):
        upi.build("nobody")


@pytest.mark.parametrize(
    "uri",
    [
        f"bitcoin:{FIRST}",
        f"BITCOIN:{SEGWIT.upper()}",
        f"bitcoin:{TAPROOT}?label=Shop&message=Order%2042",
        f"bitcoin:?bc={SEGWIT}&bc={TAPROOT}",
        f"bitcoin:?BC={SEGWIT.upper()}",
        f"bitcoin:?tb={TESTNET}",
        f"bitcoin:{FIRST}?req-amount=1&req-label=x",
        "bitcoin:?sp=sp1q",
        f"bitcoin:{FIRST}?new=1&new=2",
        f"bitcoin:{FIRST}?",
        f"bitcoin:{FIRST}?pop=app%3a",
    ],
)
def test_a_link_of_bitcoin_that_the_bip_allows_is_read_without_doubt(uri: str) -> None:
    found = bitcoin.read(uri)
    assert isinstance(found, BitcoinLink), found
    assert found.departures == ()


@pytest.mark.parametrize(
    ("uri", "field"),
    [
        ("litecoin:x", "scheme"),
        ("bitcoin:", "address"),
        ("bitcoin:?label=x", "address"),
        ("bitcoin:0OIl", "address"),
        ("bitcoin:xyz1qqqqqqqqqqqqqq", "address"),
        (f"bitcoin:{FIRST}?label=a&label=b", "label"),
        (f"bitcoin:{FIRST}?message=a&MESSAGE=b", "message"),
        (f"bitcoin:{FIRST}?amount=1&req-amount=1", "amount"),
        (f"bitcoin:{FIRST}?amount=50,000.00", "amount"),
        (f"bitcoin:{FIRST}?amount=0.123456789", "amount"),
        (f"bitcoin:{FIRST}?amount=21000001", "amount"),
        (f"bitcoin:{FIRST}?amount=", "amount"),
        (f"bitcoin:?tb={SEGWIT}", "tb"),
        (f"bitcoin:?bc={FIRST}", "bc"),
        (f"bitcoin:{FIRST}?req-new=1", "req-new"),
        (f"bitcoin:{FIRST}?req-pop=https%3aexample.com", "req-pop"),
        (f"bitcoin:{FIRST}?req-pop=JavaScript%3aalert", "req-pop"),
        (f"bitcoin:{FIRST}?label=%", "query"),
    ],
)
def test_a_link_of_bitcoin_that_the_bip_forbids_is_refused(uri: str, field: str) -> None:
    found = bitcoin.read(uri)
    assert isinstance(found, Refused)
    assert found.field == field


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        (f"bitcoin:{FIRST[:-1]}b", "address: expected a checksum"),
        (f"bitcoin:{SEGWIT[:-1]}5", "address: expected six letters"),
        # Version 1 with the checksum of version 0 (an invalid address of BIP-350).
        (
            "bitcoin:bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
            "address: expected the other",
        ),
        (f"bitcoin:{FIRST}?pop=https%3aexample.com", "pop: expected an address that no browser opens"),
    ],
)
def test_an_address_that_nobody_should_send_to_is_named(uri: str, says: str) -> None:
    found = bitcoin.read(uri)
    assert isinstance(found, BitcoinLink)
    assert found.pop is None
    assert found.departures[0].startswith(says)
    with pytest.raises(UnwritableError):
        bitcoin.build(found.address if "address" in says[:7] else "nowhere")


@given(st.integers(0, 21_000_000 * 10**8))
def test_a_link_of_bitcoin_asks_for_exactly_the_amount(amount_sat: int) -> None:
    link = bitcoin.build(SEGWIT, amount_sat, {"label": "Corner shop", "lightning": "lnbc1"})
    assert link.amount is not None
    assert link.amount.minor == amount_sat
    assert bitcoin.read(bitcoin.write(link)) == link
    assert link.values("lightning") == ("lnbc1",)
