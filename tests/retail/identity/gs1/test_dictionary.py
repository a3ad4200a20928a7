"""Our table says what GS1's own dictionary says, AI by AI."""

import re
from collections.abc import Iterator
from itertools import chain

from retail.identity.gs1.fields import AI_DIGITS, FIELDS, RULE_OF
from tests.retail.identity.gs1.rows import public


def reference() -> Iterator[tuple[str, dict[str, str]]]:
    """The facts of each AI in GS1's file, read by a reader that shares nothing with ours."""
    path = public("reference/gs1-syntax-dictionary.txt")
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line[:1].isdigit():
            continue
        ais, *words = line.partition("#")[0].split()
        flags = words.pop(0) if words[0][0] not in "NXYZ[" else ""
        keyed = [word for word in words if word[0] not in "NXYZ["]
        facts = {word.partition("=")[0]: word.partition("=")[2] for word in keyed}
        facts["parts"] = "; ".join(word.replace(",", " ") for word in words if word not in keyed)
        facts["flags"] = flags
        first, _, last = ais.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield f"{number:0{len(first)}}", facts


def test_every_ai_has_the_facts_of_the_dictionary() -> None:
    theirs = dict(reference())
    assert len(theirs) == len(RULE_OF) == 541
    for ai, facts in theirs.items():
        rule = RULE_OF[ai]
        ours = {"parts": rule.parts, "flags": rule.marks.replace("F", "*").replace("A", "?")}
        ours |= {"req": rule.needs} if rule.needs else {}
        ours |= {"ex": rule.bars} if rule.bars else {}
        ours |= {} if rule.path is None else {"dlpkey": rule.path}
        assert ours == facts, ai


def test_an_ai_can_be_read_and_is_told_from_others_by_its_first_two_digits() -> None:
    for ai in RULE_OF:
        field = FIELDS[ai]
        alike = {RULE_OF[each].marks[:1] == "F" for each in RULE_OF if each[:2] == ai[:2]}
        assert field.least <= field.most <= 90, ai
        assert len(ai) == AI_DIGITS[ai[:2]], ai
        assert alike == {not field.separated}, ai


def test_what_a_rule_names_is_an_ai_or_a_pattern_of_some() -> None:
    named = chain.from_iterable(
        re.findall("[0-9n]+", rule.needs + "," + rule.bars) for rule in RULE_OF.values()
    )
    for template in set(named):
        assert any(re.fullmatch(template.replace("n", "[0-9]"), ai) for ai in RULE_OF), template
