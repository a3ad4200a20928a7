"""What a scanner read and what the camera is sure of: goods, or something else, and each of it once."""

import msgspec
import pytest

from edge.events import CodeBlurred, CodeCleared, CodeShown, CodeUnclear, Event, Purpose, Scanned
from edge.readings import CodeScanned, Heard, Milligrams, Nanoseconds, Weighed
from edge.sensors.codes import CodeSense
from edge.sensors.votes import Accepted, Ask, HoldStill, Nothing, Verdict, Voted

EAN = "4006381333931"
GTIN = f"0{EAN}"
LINK = "https://id.gs1.org/01/09520123456788/21/7"
SECOND = 1_000_000_000
MEMBER = "opos:member:7Q2N"
WALLET = "130123456789012345"
GIFT = "opos:wallet:7K3M-9QXW-2B4C-8DTR"


def heard(text: str, symbology: str = "", at_ns: int = 0) -> Heard:
    return Heard("scanner", Nanoseconds(at_ns), CodeScanned(text, symbology))


def scan(sense: CodeSense, text: str, symbology: str = "", at_ns: int = 0) -> list[Event]:
    return list(sense.hear(heard(text, symbology, at_ns)))


def saw(sense: CodeSense, *verdicts: Verdict, at_ns: int = 0) -> list[Event]:
    return [event for verdict in verdicts for event in sense.saw(verdict, Nanoseconds(at_ns))]


GOODS = [
    (EAN, "]E0", Scanned(GTIN, GTIN)),
    (EAN, "", Scanned(GTIN, GTIN)),
    ("012345678905", "", Scanned("00012345678905", "00012345678905")),
    ("012345678905", "]E0", Scanned("00012345678905", "00012345678905")),
    ("96385074", "", Scanned("00000096385074", "00000096385074")),
    ("14006381333938", "", Scanned("14006381333938", "14006381333938")),
    ("14006381333938", "]I1", Scanned("14006381333938", "14006381333938")),
    (LINK, "", Scanned("09520123456788", "09520123456788", serial="7")),
    (
        "010952012345678810AB\x1d1726010121X",
        "]d2",
        Scanned("09520123456788", "09520123456788", serial="X", lot="AB", expiry="260101"),
    ),
    ("010952012345678810AB\x1d21X", "", Scanned("09520123456788", "09520123456788", serial="X", lot="AB")),
    (
        "019952012345678131030012503922399",
        "]e0",
        Scanned("99520123456781", "99520123456781", weight_mg=1_250_000, price_minor=399),
    ),
]


@pytest.mark.parametrize(("text", "symbology", "goods"), GOODS)
def test_goods_are_told_with_all_that_their_label_says(text: str, symbology: str, goods: Scanned) -> None:
    assert scan(CodeSense(), text, symbology) == [goods]


def test_a_number_of_the_shops_own_is_read_by_the_rules_of_its_country() -> None:
    region: list[str | None] = [None]
    sense = CodeSense(lambda: region[0])
    (plain,) = scan(sense, "2302148210869", "]E0")
    region[0] = "no"
    (measured,) = scan(sense, "2302148210869", "]E0", SECOND)
    assert plain == Scanned("02302148210869", "02302148210869", circulation="geo")
    assert measured == Scanned("02302148210869", "02302148200006", weight_mg=1_086_000, circulation="geo")


PART = "." + "p" * 43

OTHERS = [
    (MEMBER, "]Q1", Purpose.MEMBER),
    (WALLET, "", Purpose.WECHAT),
    (WALLET, "]C0", Purpose.WECHAT),
    ("281234567890123456", "", Purpose.ALIPAY),
    (GIFT, "]Q1", Purpose.WALLET),
    (GIFT.removeprefix("opos:wallet:"), "", Purpose.WALLET),
    ("1234-5678-9012-3456", "]C0", Purpose.WALLET),
    ("00020101021126580014A000000615000101065016640208", "]Q1", Purpose.ASKS_FOR_MONEY),
    ("lightning:lnbc2500u1pvjluez", "", Purpose.ASKS_FOR_MONEY),
    ("opos:badge:48291730", "]Q1", Purpose.BADGE),
    ("K7QM-0031", "", Purpose.RECEIPT),
    (f"https://hub.example/r/mirror-4/17/{'h' * 43}", "]Q1", Purpose.RECEIPT),
    (f"https://shop.example/r/#1.{'k' * 8}{PART * 5}", "]Q1", Purpose.RECEIPT),
    (f"{'h' * 60}.{'b' * 400}.{'s' * 86}", "]Q1", Purpose.RECEIPT),
    ("https://shop.example/#about", "]Q1", Purpose.OTHER),
    ("WIFI:S:shop;;", "]Q1", Purpose.OTHER),
    ("4006381333932", "]E0", Purpose.OTHER),  # the check digit is wrong
    ("0109520123456788310312", "]d2", Purpose.OTHER),  # a weight of two digits
    ("", "", Purpose.OTHER),
]


@pytest.mark.parametrize(("text", "symbology", "purpose"), OTHERS)
def test_a_code_that_names_no_goods_is_told_by_what_it_is_for(
    text: str, symbology: str, purpose: Purpose
) -> None:
    assert scan(CodeSense(), text, symbology) == [CodeShown(purpose, 1)]


@pytest.mark.parametrize("text", [MEMBER, WALLET, GIFT])
def test_what_is_a_persons_own_is_in_no_event_and_in_nothing_that_is_printed(text: str) -> None:
    sense = CodeSense()
    (event,) = scan(sense, text)
    told = f"{event!r} {msgspec.json.encode(event).decode()} {sense._private!r}"
    assert text not in told
    assert text[-6:] not in told


def test_what_is_a_persons_own_is_kept_a_minute_for_the_one_who_may_ask() -> None:
    sense = CodeSense()
    (event,) = scan(sense, WALLET)
    assert isinstance(event, CodeShown)
    assert sense.reveal(event.ticket, Nanoseconds(60 * SECOND)) == WALLET
    assert sense.reveal(event.ticket, Nanoseconds(61 * SECOND)) is None
    assert sense.reveal(event.ticket + 1, Nanoseconds(0)) is None
    scan(sense, MEMBER)
    assert sense.reveal(event.ticket, Nanoseconds(0)) is None
    sense.forget()
    assert sense.reveal(event.ticket + 1, Nanoseconds(0)) is None


def test_a_shop_that_writes_its_members_as_digits_does_not_sell_them() -> None:
    sense = CodeSense(member_prefix="29")
    assert scan(sense, "2912345678906", "]E0") == [CodeShown(Purpose.MEMBER, 1)]


def test_a_code_that_stays_in_view_is_told_once_and_a_second_look_is_a_second_pack() -> None:
    sense = CodeSense()
    times = [at * SECOND // 2 for at in (0, 1, 2, 3, 5)]
    assert [len(scan(sense, EAN, "]E0", at)) for at in times] == [1, 0, 0, 0, 1]


def test_two_codes_in_turn_are_each_told_once() -> None:
    sense = CodeSense()
    assert [len(scan(sense, text, "", at)) for at, text in enumerate((EAN, LINK) * 4)] == [1, 1, *[0] * 6]


def test_a_flood_of_codes_is_told_and_nothing_grows() -> None:
    sense = CodeSense()
    assert sum(len(scan(sense, f"code {n}", "]Q1", n)) for n in range(1_000)) == 1_000
    assert len(sense._told) <= 64


def test_other_readings_mean_nothing_here() -> None:
    weighed = Heard("scale", Nanoseconds(0), Weighed(Milligrams(1), steady=True))
    assert list(CodeSense().hear(weighed)) == []


SURE = Accepted(Voted("EAN13", EAN, GTIN, 2, accepted=True))


def test_what_the_camera_is_sure_of_is_told_once_until_it_is_out_of_view() -> None:
    sense = CodeSense()
    assert saw(sense, HoldStill(), SURE) == [CodeBlurred(), CodeCleared(), Scanned(GTIN, GTIN)]
    assert saw(sense, HoldStill(), SURE, at_ns=9 * SECOND) == [CodeBlurred(), CodeCleared()]
    assert saw(sense, Nothing(), SURE, at_ns=20 * SECOND) == [
        CodeCleared(),
        CodeCleared(),
        Scanned(GTIN, GTIN),
    ]


def test_scanner_and_camera_that_see_the_same_code_tell_it_once() -> None:
    sense = CodeSense()
    assert scan(sense, EAN, "]E0") == [Scanned(GTIN, GTIN)]
    assert saw(sense, SURE, at_ns=SECOND // 2) == [CodeCleared()]


SEEN = [
    (Voted("QRCode", LINK, "09520123456788", 2, accepted=True), "7"),
    (Voted("DataMatrix", "010952012345678821X", "09520123456788", 2, accepted=True), "X"),
    (Voted("Code128", "010952012345678821X", "09520123456788", 2, accepted=True), "X"),
    (Voted("UPCE", "04252614", "00042100005264", 2, accepted=True), None),
    (Voted("UPCA", "0012345678905", "00012345678905", 2, accepted=True), None),
    (Voted("DataBarExp", "010952012345678821X", "09520123456788", 2, accepted=True), "X"),
]


@pytest.mark.parametrize(("code", "serial"), SEEN)
def test_a_code_that_the_camera_saw_is_read_like_one_that_was_scanned(
    code: Voted, serial: str | None
) -> None:
    (_, goods) = saw(CodeSense(), Accepted(code))
    assert isinstance(goods, Scanned)
    assert (goods.gtin14, goods.serial) == (code.gtin14, serial)


def test_where_the_camera_cannot_tell_the_shopper_is_asked() -> None:
    rivals = tuple(Voted("EAN13", "", gtin, 1, accepted=False) for gtin in (GTIN, "00012345678905", GTIN))
    asked = saw(CodeSense(), Ask(rivals), Ask(()))
    assert asked == [CodeUnclear(("00012345678905", GTIN)), CodeUnclear()]


def test_a_members_code_before_the_camera_is_no_goods() -> None:
    events = saw(CodeSense(), Accepted(Voted("QRCode", MEMBER, None, 2, accepted=True)))
    assert events == [CodeCleared(), CodeShown(Purpose.MEMBER, 1)]


def test_what_was_told_before_a_restart_and_is_still_in_view_is_told_no_second_time() -> None:
    sense = CodeSense()
    sense.recall([Scanned(GTIN, GTIN)], Nanoseconds(0))
    assert Scanned(GTIN, GTIN) not in saw(sense, SURE, SURE, at_ns=5 * SECOND)
    assert Scanned(GTIN, GTIN) in saw(sense, Nothing(), SURE, at_ns=20 * SECOND)


def test_a_pack_in_view_of_a_worker_that_died_is_told_again_only_before_another_shopper() -> None:
    sense = CodeSense()
    assert Scanned(GTIN, GTIN) in saw(sense, SURE)
    sense.look_anew()
    assert Scanned(GTIN, GTIN) not in saw(sense, SURE, at_ns=5 * SECOND)
    sense.forget()
    assert Scanned(GTIN, GTIN) not in saw(sense, SURE, at_ns=9 * SECOND)
    sense.look_anew()
    assert Scanned(GTIN, GTIN) in saw(sense, SURE, at_ns=13 * SECOND)
    assert Scanned(GTIN, GTIN) not in saw(sense, SURE, at_ns=20 * SECOND)


def test_a_worker_that_comes_before_the_next_shopper_knows_nothing_of_the_pack_before() -> None:
    sense = CodeSense()
    assert Scanned(GTIN, GTIN) in saw(sense, SURE)
    sense.look_anew()
    sense.forget()
    assert Scanned(GTIN, GTIN) in saw(sense, SURE, at_ns=5 * SECOND)
