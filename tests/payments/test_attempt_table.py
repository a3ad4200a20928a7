"""The table of an attempt: every word of a provider has one meaning in every phase."""

from typing import get_args

import pytest

from retail.tender import ENDS, NEXT, Outcome, PaymentOutcome, Phase, Then, Verb, after

OUTCOMES = (*get_args(PaymentOutcome), "stored-offline")
VERBS = get_args(Verb)


def test_every_word_has_a_meaning_in_every_phase() -> None:
    assert set(NEXT) == {(phase, outcome) for phase in Phase for outcome in OUTCOMES}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("outcome", ["unknown", "in-progress"])
def test_silence_and_delay_end_nothing(phase: Phase, outcome: Outcome) -> None:
    assert all(after(phase, verb, outcome)[1] not in ENDS for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("phase", [Phase.ASKED, Phase.STOPPING])
def test_the_first_not_found_is_not_believed(phase: Phase, verb: Verb) -> None:
    assert after(phase, verb, "not-found")[1] not in ENDS


def test_not_found_is_final_after_a_confirmed_cancel_and_a_second_not_found() -> None:
    phase, then = after(Phase.ASKED, "query", "not-found")
    assert (phase, then) == (Phase.STOPPING, Then.STOP)
    phase, then = after(phase, "cancel", "not-found")
    assert (phase, then) == (Phase.STOPPED, Then.WAIT)
    assert after(phase, "query", "not-found") == (Phase.STOPPED, Then.CANCELLED)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("verb", VERBS)
def test_money_that_was_taken_is_money_whatever_was_asked(phase: Phase, verb: Verb) -> None:
    assert after(phase, verb, "captured")[1] is Then.PAID


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.STOPPED])
def test_money_that_is_only_held_is_let_go_once_we_asked_to_stop(phase: Phase) -> None:
    assert after(phase, "query", "authorised") == (Phase.STOPPING, Then.STOP)


def test_no_word_leads_back_to_asking() -> None:
    order = list(Phase)
    for phase, verb, outcome in ((p, v, o) for p in order[1:] for v in VERBS for o in OUTCOMES):
        reached, _ = after(phase, verb, outcome)
        assert reached is not Phase.ASKED
