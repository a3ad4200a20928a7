"""The application identifiers of GS1: what each may hold, what it must stand beside, and what it bars.

Source: the facts of the GS1 Barcode Syntax Dictionary, gs1/gs1-syntax-dictionary at ff2eb4b (its release
field is not set): 541 identifiers (AIs). The form is our own: AIs that obey one rule share a row.
"""

from collections.abc import Iterator
from typing import Final

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """What holds for one AI, or for a run of them.

    `parts` are the components of the value in order: N digits, X of character set 82, Y of 39, Z of 64, then
    a length (`6` exactly, `..6` one to six; in brackets where the component may be missing), then the names
    of its checks. `marks` has F where the length is fixed by the first two digits, so that no separator needs
    to follow, and A where a Digital Link may carry it behind the question mark. `needs` are groups of AIs,
    one of which must be there whole; `bars` are AIs that must not; an `n` in either stands for any digit.
    `path` is None unless the AI is a key of Digital Links; then it has its qualifiers in order.
    """

    ais: str
    parts: str
    marks: str = ""
    needs: str = ""
    bars: str = ""
    path: str | None = None


def _measures(kinds: str, needs: str) -> Iterator[Rule]:
    """Six digits, the last digit of the AI saying how many of them are decimals: one of a kind on a label."""
    for run in kinds.split():
        first, _, last = run.partition("-")
        for kind in range(int(first), int(last or first) + 1):
            yield Rule(f"{kind}0-{kind}5", "N6", "FA", needs=needs, bars=f"{kind}n")


_COUNTRIES: Final = "N3 iso3166" + 4 * "; [N3] iso3166"

RULES: Final = (
    *_measures("310-316 320-329 350-352 356-357 360-361 364-366", needs="01,02"),
    *_measures("330-336 340-349 353-355 362-363 367-369", needs="00,01"),
    *_measures("337", needs="01"),
    Rule("00", "N18 csum gcppos2", "FA", path=""),
    Rule("01", "N14 csum gcppos2", "FA", bars="255,37", path="22,10,21|235"),
    Rule("02", "N14 csum gcppos2", "FA", needs="37", bars="01,03"),
    Rule("03", "N14 csum gcppos2", "F", bars="01,02,37,235"),
    Rule("10", "X..20", "A", needs="01,02,03,8006,8026"),
    Rule("11", "N6 yymmd0", "FA", needs="01,02,03,8006,8026"),
    Rule("12", "N6 yymmd0", "FA", needs="8020"),
    Rule("13", "N6 yymmd0", "FA", needs="01,02,03,8006,8026"),
    Rule("15-16", "N6 yymmd0", "FA", needs="01,02,03,8006,8026"),
    Rule("17", "N6 yymmd0", "FA", needs="01,02,03,255,8006,8026"),
    Rule("20", "N2", "FA", needs="01,02,03,8006,8026"),
    Rule("21", "X..20", needs="01,03,8006", bars="235"),
    Rule("22", "X..20", needs="01"),
    Rule("235", "X..28", needs="01"),
    Rule("240-241", "X..30", "A", needs="01,02,03,8006,8026"),
    Rule("242", "N..6", "A", needs="01,02,8006,8026"),
    Rule("243", "X..20", "A", needs="01,03"),
    Rule("250", "X..30", "A", needs="01+21,03+21,8006+21"),
    Rule("251", "X..30", "A", needs="01,03,8006"),
    Rule("253", "N13 csum gcppos1; [X..17]", "A", path=""),
    Rule("254", "X..20", needs="414"),
    Rule("255", "N13 csum gcppos1; [N..12]", "A", bars="01,02,415,8006,8020,8026", path=""),
    Rule("30", "N..8", "A", needs="01,02"),
    Rule("37", "N..8", "A", needs="00+02,00+8026"),
    Rule("3900-3909", "N..15", "A", needs="255,8020", bars="390n,391n,394n,8111"),
    Rule("3910-3919", "N3 iso4217; N..15", "A", needs="8020", bars="391n"),
    Rule("3920-3929", "N..15", "A", needs="01+30,01+31nn,01+32nn,01+35nn,01+36nn", bars="392n,393n"),
    Rule("3930-3939", "N3 iso4217; N..15", "A", needs="30,31nn,32nn,35nn,36nn", bars="393n"),
    Rule("3940-3943", "N4", "A", needs="255", bars="394n,8111"),
    Rule("3950-3955", "N6", "A", needs="30,31nn,32nn,35nn,36nn", bars="392n,393n,395n,8005"),
    Rule("400", "X..30", "A"),
    Rule("401", "X..30 gcppos1", "A", path=""),
    Rule("402", "N17 csum gcppos1", "A", path=""),
    Rule("403", "X..30", "A", needs="00"),
    Rule("410-413", "N13 csum gcppos1", "FA"),
    Rule("414", "N13 csum gcppos1", "FA", path="254|7040"),
    Rule("415", "N13 csum gcppos1", "FA", needs="8020", path="8020"),
    Rule("416", "N13 csum gcppos1", "FA"),
    Rule("417", "N13 csum gcppos1", "FA", path="7040"),
    Rule("420", "X..20", "A", bars="421"),
    Rule("421", "N3 iso3166; X..9", "A", bars="4307"),
    Rule("422", "N3 iso3166", "A", needs="01,02,03,8006,8026", bars="426"),
    Rule("423", _COUNTRIES, "A", needs="01,02,03", bars="426"),
    Rule("424", "N3 iso3166", "A", needs="01,02,03", bars="426"),
    Rule("425", _COUNTRIES, "A", needs="01,02,03", bars="426"),
    Rule("426", "N3 iso3166", "A", needs="01,02,03"),
    Rule("427", "X..3", "A", needs="01+422,02+422,03+422"),
    Rule("4300-4301", "X..35 pcenc", "A", needs="00"),
    Rule("4302", "X..70 pcenc", "A", needs="00"),
    Rule("4303", "X..70 pcenc", "A", needs="4302"),
    Rule("4304-4306", "X..70 pcenc", "A", needs="00"),
    Rule("4307", "X2 iso3166alpha2", "A", needs="00"),
    Rule("4308", "X..30", "A", needs="00"),
    Rule("4309", "N10 latitude; N10 longitude", "A", needs="00"),
    Rule("4310-4311", "X..35 pcenc", "A", needs="00"),
    Rule("4312", "X..70 pcenc", "A", needs="00"),
    Rule("4313", "X..70 pcenc", "A", needs="4312"),
    Rule("4314-4316", "X..70 pcenc", "A", needs="00"),
    Rule("4317", "X2 iso3166alpha2", "A", needs="00"),
    Rule("4318", "X..20", "A", needs="00"),
    Rule("4319", "X..30", "A", needs="00"),
    Rule("4320", "X..35 pcenc", "A", needs="00"),
    Rule("4321-4323", "N1 yesno", "A", needs="00"),
    Rule("4324-4325", "N6 yymmd0; N4 hhmi", "A", needs="00"),
    Rule("4326", "N6 yymmdd", "A", needs="00"),
    Rule("4330", "N6; [X1] hyphen", "A", needs="00", bars="4331"),
    Rule("4331", "N6; [X1] hyphen", "A", needs="00", bars="4330"),
    Rule("4332", "N6; [X1] hyphen", "A", needs="00", bars="4333"),
    Rule("4333", "N6; [X1] hyphen", "A", needs="00", bars="4332"),
    Rule("7001", "N13", "A", needs="01,02,8006,8026"),
    Rule("7002", "X..30", "A", needs="01,02"),
    Rule("7003", "N6 yymmdd; N4 hhmi", "A", needs="01,02,03"),
    Rule("7004", "N..4", "A", needs="01+10,03+10"),
    Rule("7005", "X..12", "A", needs="01,02"),
    Rule("7006", "N6 yymmdd", "A", needs="01,02"),
    Rule("7007", "N6 yymmdd; [N6] yymmdd", "A", needs="01,02"),
    Rule("7008", "X..3", "A", needs="01,02"),
    Rule("7009", "X..10", "A", needs="01,02"),
    Rule("7010", "X..2", "A", needs="01,02,03"),
    Rule("7011", "N6 yymmdd; [N4] hhmi", "A", needs="01,02,03"),
    Rule("7020", "X..20", "A", needs="01+416,03+416,8006+416"),
    Rule("7021", "X..20", "A", needs="01,03,8006"),
    Rule("7022", "X..20", "A", needs="01+7021,03+7021,8006+7021"),
    Rule("7023", "X..30 gcppos1", "A"),
    Rule("7030-7039", "N3 iso3166999; X..27", "A", needs="01,02"),
    Rule("7040", "N1; X1; X1; X1 importeridx"),
    Rule("7041", "X..4 packagetype", needs="00"),
    Rule("710-717", "X..20", "A", needs="01"),
    Rule("7230-7239", "X2; X..28", "A", needs="01,8004"),
    Rule("7240", "X..20", "A", needs="01,8006", bars="03"),
    Rule("7241", "N2 mediatype", "A", needs="8017,8018"),
    Rule("7242", "X..25", "A", needs="8017,8018"),
    Rule("7250", "N8 yyyymmdd", "A", needs="8018", bars="7251"),
    Rule("7251", "N8 yyyymmdd; N4 hhmi", "A", needs="8018", bars="7250"),
    Rule("7252", "N1 iso5218", "A", needs="8018"),
    Rule("7253-7254", "X..40 pcenc", "A", needs="8017,8018", bars="7256,7259"),
    Rule("7255", "X..10", "A", needs="8017,8018", bars="7256,7259"),
    Rule("7256", "X..90 pcenc", "A", needs="8017,8018"),
    Rule("7257", "X..70 pcenc", "A", needs="8018"),
    Rule("7258", "X3 posinseqslash", "A", needs="8018+7259"),
    Rule("7259", "X..40 pcenc", "A", needs="8018", bars="7256"),
    Rule("8001", "N4 nonzero; N5 nonzero; N3 nonzero; N1 winding; N1", "A", needs="01"),
    Rule("8002", "X..20", "A"),
    Rule("8003", "N1 zero; N13 csum gcppos1; [X..16]", "A", path=""),
    Rule("8004", "X..30 gcppos1", "A", path="7040"),
    Rule("8005", "N6", "A", needs="01,02"),
    Rule("8006", "N14 csum gcppos2; N4 pieceoftotal", "A", bars="01,03,37", path="22,10,21"),
    Rule("8007", "X..34 iban", "A", needs="415"),
    Rule("8008", "N6 yymmdd; N2 hh; [N2] mi; [N2] ss", "A", needs="01,02,03"),
    Rule("8009", "X..50", "A", needs="00,01,03"),
    Rule("8010", "Y..30 gcppos1", "A", path="8011"),
    Rule("8011", "N..12 nozeroprefix", needs="8010"),
    Rule("8012", "X..20", "A", needs="01,03,8006"),
    Rule("8013", "X..25 csumalpha gcppos1", "A", path=""),
    Rule("8014", "X..25 csumalpha gcppos1 hasnondigit", needs="01"),
    Rule("8017", "N18 csum gcppos1", "A", bars="8018", path="8019"),
    Rule("8018", "N18 csum gcppos1", "A", bars="8017", path="8019"),
    Rule("8019", "N..10", needs="8017,8018"),
    Rule("8020", "X..25", needs="415"),
    Rule("8026", "N14 csum gcppos2; N4 pieceoftotal", "A", needs="37", bars="02,03,8006"),
    Rule("8030", "Z..90", "A", needs="00,01+21,03+21,253,255,8003,8004,8006+21,8010+8011,8017,8018"),
    Rule("8040", "N15", needs="01+21"),
    Rule("8041", "N15", needs="01+21+8040"),
    Rule("8042", "N32", needs="01+21+8040"),
    Rule("8043", "N18; [N..2]", needs="01+21+8040"),
    Rule("8110", "X..70 couponcode", "A"),
    Rule("8111", "N4", "A", needs="255"),
    Rule("8112", "X..70 couponposoffer", "A"),
    Rule("8200", "X..70", needs="01"),
    Rule("90", "X..30", "A"),
    Rule("91-99", "X..90", "A"),
)
"""Every AI that GS1 has given out."""
