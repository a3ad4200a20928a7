"""What may be stored while nobody can be asked: the defaults as a table, and what holds for every policy."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.offline_policy import DEFAULT, OfflinePolicy, Promise, Stored, WhyNot, Wish, why_not

HOUR_MS = 3_600_000
NOW_MS = 1_790_000_000_000


def waits(*amounts: int, payer: str = "", hours: float = 1) -> Stored:
    """So many promises that wait since so many hours, each of another payer unless one is named."""
    at_ms = NOW_MS - round(hours * HOUR_MS)
    return Stored(
        tuple(Promise(f"a{n}", payer or f"t{n}", amount, at_ms) for n, amount in enumerate(amounts))
    )


def wish(amount_minor: int = 1_000, payer: str = "mine", *goods: str, currency: str = "EUR") -> Wish:
    return Wish(amount_minor, currency, payer, frozenset(goods))


CASES = [
    ("25 euro is the floor", Stored(), wish(2_500), ()),
    ("a cent more is over it", Stored(), wish(2_501), (WhyNot.FLOOR,)),
    ("250 euro may wait", waits(*[2_500] * 9), wish(2_500), ()),
    ("a cent more may not", waits(*[2_500] * 9, 1), wish(2_500), (WhyNot.WAITING,)),
    ("the twentieth sale", waits(*[100] * 19), wish(100), ()),
    ("the twenty-first", waits(*[100] * 20), wish(100), (WhyNot.SALES,)),
    ("nearly a day old", waits(100, hours=23.9), wish(), ()),
    ("a day old", waits(100, hours=24), wish(), (WhyNot.AGE,)),
    ("the second of a payer", waits(100, payer="mine"), wish(), ()),
    ("the third of a payer", waits(100, 100, payer="mine"), wish(), (WhyNot.VELOCITY,)),
    ("another's are not mine", waits(100, 100, payer="theirs"), wish(), ()),
    ("other money", Stored(), wish(currency="CHF"), (WhyNot.CURRENCY,)),
    ("nothing", Stored(), wish(0), (WhyNot.AMOUNT,)),
    ("nobody", Stored(), wish(1_000, ""), (WhyNot.NOBODY,)),
    ("one decline halves the floor", waits(100).declined("a0", NOW_MS), wish(1_250), ()),
    ("to the cent", waits(100).declined("a0", NOW_MS), wish(1_251), (WhyNot.FLOOR,)),
    (
        "two declines halve it twice",
        waits(100, 100).declined("a0", NOW_MS).declined("a1", NOW_MS),
        wish(626),
        (WhyNot.FLOOR,),
    ),
    ("a declined payer", waits(100, payer="mine").declined("a0", NOW_MS), wish(1), (WhyNot.BLOCKED,)),
    ("a month later", waits(100, payer="mine").declined("a0", NOW_MS - 31 * 24 * HOUR_MS), wish(2_500), ()),
    ("what was honoured is as if it never was", waits(*[2_500] * 10).honoured("a3"), wish(2_500), ()),
]


@pytest.mark.parametrize(
    ("stored", "asked", "reasons"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_defaults_say(stored: Stored, asked: Wish, reasons: tuple[WhyNot, ...]) -> None:
    assert why_not(DEFAULT, stored, asked, NOW_MS) == reasons


def test_a_decline_halves_what_may_wait_and_how_many() -> None:
    stored = waits(*[100] * 10, 1).declined("a10", NOW_MS)
    assert why_not(DEFAULT, stored, wish(100), NOW_MS) == (WhyNot.SALES,)
    stored = waits(*[1_240] * 10, 1).declined("a10", NOW_MS)
    assert WhyNot.WAITING in why_not(DEFAULT, stored, wish(101), NOW_MS)


def test_goods_that_are_excluded_are_never_sold_like_this() -> None:
    policy = OfflinePolicy(excluded=frozenset({"tobacco", "09520001000027"}))
    assert why_not(policy, Stored(), wish(100, "mine", "tobacco"), NOW_MS) == (WhyNot.GOODS,)
    assert why_not(policy, Stored(), wish(100, "mine", "09520001000027"), NOW_MS) == (WhyNot.GOODS,)
    assert why_not(policy, Stored(), wish(100, "mine", "bread"), NOW_MS) == ()


def test_a_policy_is_data_and_a_word_that_it_does_not_know_is_refused() -> None:
    assert msgspec.json.decode(msgspec.json.encode(DEFAULT), type=OfflinePolicy) == DEFAULT
    with pytest.raises(msgspec.ValidationError, match="unknown field `flor_minor`"):
        msgspec.json.decode(b'{"flor_minor": 1}', type=OfflinePolicy)


small = st.integers(0, 400)
policies = st.builds(
    OfflinePolicy,
    floor_minor=small,
    waiting_minor=small,
    waiting_sales=st.integers(0, 6),
    age_ms=st.integers(1, 60),
    payer_sales=st.integers(0, 3),
    payer_ms=st.integers(1, 60),
    excluded=st.frozensets(st.sampled_from("abc")),
    memory_ms=st.integers(1, 60),
)
promises = st.builds(
    Promise,
    attempt=st.uuids().map(str),
    payer=st.sampled_from("xyz"),
    amount_minor=st.integers(1, 100),
    at_ms=st.integers(0, 100),
    standing=st.sampled_from(["waiting", "waiting", "declined"]),
)
states = st.lists(promises, max_size=6).map(lambda found: Stored(tuple(found)))
wishes = st.builds(
    Wish,
    amount_minor=st.integers(1, 200),
    currency=st.just("EUR"),
    payer=st.sampled_from("xyz"),
    goods=st.frozensets(st.sampled_from("abcd")),
)


@given(policies, states, wishes, st.integers(0, 150))
def test_what_is_stored_is_within_every_limit_said_another_way(
    policy: OfflinePolicy, stored: Stored, asked: Wish, now_ms: int
) -> None:
    if why_not(policy, stored, asked, now_ms):
        return
    after = [*stored.waiting(), Promise("new", asked.payer, asked.amount_minor, now_ms)]
    assert asked.amount_minor <= policy.floor_minor
    assert sum(each.amount_minor for each in after) <= policy.waiting_minor
    assert len(after) <= policy.waiting_sales
    assert not asked.goods & policy.excluded
    recent = [each for each in after if each.payer == asked.payer and now_ms - each.at_ms < policy.payer_ms]
    assert len(recent) <= policy.payer_sales
    assert all(now_ms - each.at_ms < policy.age_ms for each in stored.waiting())


@given(policies, states, promises, wishes, st.integers(0, 150))
def test_whatever_else_waits_or_was_declined_never_allows_more(
    policy: OfflinePolicy, stored: Stored, one_more: Promise, asked: Wish, now_ms: int
) -> None:
    before = set(why_not(policy, stored, asked, now_ms))
    assert before <= set(why_not(policy, stored.took(one_more), asked, now_ms))


@given(policies, states, wishes, st.integers(1, 200), st.integers(0, 150))
def test_who_may_store_so_much_may_store_less(
    policy: OfflinePolicy, stored: Stored, asked: Wish, less_minor: int, now_ms: int
) -> None:
    less = msgspec.structs.replace(asked, amount_minor=min(less_minor, asked.amount_minor))
    assert set(why_not(policy, stored, less, now_ms)) <= set(why_not(policy, stored, asked, now_ms))


@given(policies, states, wishes, st.integers(100, 150))
def test_a_decline_blocks_its_payer_and_halves_what_the_next_may_be(
    policy: OfflinePolicy, stored: Stored, asked: Wish, now_ms: int
) -> None:
    for each in stored.waiting():
        after = stored.declined(each.attempt, now_ms)
        mine = msgspec.structs.replace(asked, payer=each.payer)
        assert WhyNot.BLOCKED in why_not(policy, after, mine, now_ms)
        if not why_not(policy, after, asked, now_ms):
            assert asked.amount_minor <= policy.floor_minor // 2


@given(states, promises, st.integers(0, 150))
def test_what_is_told_twice_counts_once(stored: Stored, promise: Promise, now_ms: int) -> None:
    once = stored.took(promise)
    assert once.took(promise) == once
    declined = once.declined(promise.attempt, now_ms)
    assert declined.declined(promise.attempt, now_ms + 1) == declined
    honoured = once.honoured(promise.attempt)
    assert honoured.honoured(promise.attempt) == honoured
