"""The host of a Web URI on a tag, in 7 bits a character, and fewer for what many hosts have in common.

Source: GS1 EPC Tag Data Standard 2.3, section 14.5.16 with tables 14-11 to 14-15. Table 14-14 prints 0000000
as the first half of `.org.cn` and `.net.cn`; its own caption says 0000010, which we read and write.
"""

from typing import Final

from retail.identity.epc.alphabets import CODE_40, GS1_82
from retail.identity.epc.bits import BitReader, BitWriter
from retail.identity.epc.code40 import read_code_40, write_code_40
from retail.identity.epc.identity import EpcError

# The length indicator has 6 bits.
CHARACTERS_MAX: Final = 63

_COUNTRIES: Final = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo bq br bs "
    "bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg "
    "eh er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn "
    "hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li "
    "lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne "
    "nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
    "sc sd se sg sh si sk sl sm sn sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv "
    "tw tz ua ug us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw "
)
"""In the order of their codes, without the dot."""
_COMPOUNDS: Final = (
    "com.au net.au org.au co.at com.bd co.bd com.br net.br co.nz com.ng com.pk co.in com.in co.il "
    "co.jp co.za co.kr com.es com.lk co.th co.tt com.tt com.tr biz.tr com.ua co.uk co.zm com.zm "
    "com.cn org.cn net.cn gov.cn "
)
"""In the order of their codes, without the first dot."""

_SHORT: Final = {
    0b0011110: "qr.", 0b0011111: "www.", 0b0100000: "id.", 0b1011011: ".com", 0b1011100: ".org",
    0b1011101: ".net", 0b1011110: ".int", 0b1100000: ".edu", 0b1111011: ".gov", 0b1111100: ".mil",
    0b1111101: ".biz", 0b1111110: ".eco", 0b1111111: ".med",
    # Of the 82 characters and of the 39 that part numbers are made of, each is its own ASCII code.
    **{ord(character): character for character in GS1_82 + "#"},
}  # fmt: skip
_LONG: Final = {
    # The first 128 countries follow 0000000, the others 0000001.
    **{number: f".{country}" for number, country in enumerate(_COUNTRIES.split())},
    **{2 << 7 | number: f".{compound}" for number, compound in enumerate(_COMPOUNDS.split())},
    3 << 7: ".tech",
}
_LONG_FIRST_MAX: Final = 3

_SHORT_CODES: Final = {text: (code, 7) for code, text in _SHORT.items()}
_CODES: Final = {**{text: (code, 14) for code, text in _LONG.items()}, **_SHORT_CODES}
_LONGEST: Final = max(map(len, _CODES))


def read_hostname(reader: BitReader) -> str:
    """The host that is next in `reader`."""
    compressed = reader.take(1)
    length = reader.take(6)
    if not length:
        raise EpcError("expected a hostname of at least one character, got none")
    return _sequences(reader, length) if compressed else read_code_40(reader, length)


def write_hostname(host: str, writer: BitWriter) -> None:
    """Append `host` in the form that takes fewer bits."""
    if not host or not set(GS1_82).issuperset(host):
        raise EpcError(f"expected a hostname of the 82 characters of GS1, got {host!r}")
    codes = _codes(host)
    bits = sum(width for _, width in codes)
    fits_40 = len(host) <= CHARACTERS_MAX and set(CODE_40[1:]).issuperset(host)
    if fits_40 and 16 * -(-len(host) // 3) < bits:
        writer.put(0, 1)
        writer.put(len(host), 6)
        write_code_40(host, writer)
        return
    if bits > 7 * CHARACTERS_MAX:
        raise EpcError(f"expected a hostname of at most {CHARACTERS_MAX} times 7 bits, got {bits} bits")
    writer.put(1, 1)
    writer.put(bits // 7, 6)
    for code, width in codes:
        writer.put(code, width)


def _sequences(reader: BitReader, length: int) -> str:
    """`length` times 7 bits; two of them may say one thing."""
    found: list[str] = []
    while length > 0:
        code = reader.take(7)
        length -= 1
        if code <= _LONG_FIRST_MAX and length:
            code = code << 7 | reader.take(7)
            length -= 1
            text = _LONG.get(code)
        else:
            text = _SHORT.get(code)
        if text is None:
            raise EpcError(f"expected a character or a part of a hostname, got the reserved code {code:b}")
        found.append(text)
    return "".join(found)


def _codes(host: str) -> list[tuple[int, int]]:
    """The codes of `host` with their widths; at each place the longest text that has one."""
    codes = []
    at = 0
    while at < len(host):
        size = next(size for size in range(_LONGEST, 0, -1) if host[at : at + size] in _CODES)
        text = host[at : at + size]
        codes.append(_CODES[text])
        at += len(text)
    return codes
