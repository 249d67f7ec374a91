"""Grounding: the trie, the prior's arithmetic on a graph small enough for a pencil, and what can never happen."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphrag.errors import ConfigError
from graphrag.models.grounding import AnswerTrie, DecodeSettings, GroundedLogitsProcessor, State
from graphrag.models.prompt import NONE_TEXT, Candidate

EOS, SEP = 0, 1
SETTINGS = DecodeSettings(stop_ratio=0.5, max_new_tokens=32)

#   San ─┬─ (San: 1)       Madrid: 4      none: 1
#   (10) ├─ Marino: 2
#        └─ Jose: 2
HAND = [
    (Candidate("San", 1.0), (10,)),
    (Candidate("San Marino", 2.0), (10, 11)),
    (Candidate("San Jose", 2.0), (10, 12)),
    (Candidate("Madrid", 4.0), (13,)),
    (Candidate(NONE_TEXT, 1.0, "none"), (14, 15)),
]


def hand_trie(settings: DecodeSettings = SETTINGS) -> AnswerTrie:
    return AnswerTrie([c for c, _ in HAND], [t for _, t in HAND], separator=[SEP], eos=EOS, settings=settings)


def shares(trie: AnswerTrie, state: State) -> dict[int, float]:
    return {option.token: math.exp(option.log_prior) for option in trie.options(state)}


def test_shares_of_weight_at_the_root() -> None:
    assert shares(hand_trie(), State()) == pytest.approx({10: 0.5, 13: 0.4, 14: 0.1})


def test_an_entry_that_is_also_a_beginning_shares_with_the_longer_ones() -> None:
    # After "San": Marino 2/5, Jose 2/5, and San itself 1/5, split between the end (0.5 * 1) and going on (4, Madrid).
    found = shares(hand_trie(), hand_trie().walk([10]))
    assert found == pytest.approx({11: 0.4, 12: 0.4, EOS: 0.2 * 0.5 / 4.5, SEP: 0.2 * 4 / 4.5})


def test_going_on_weighs_the_best_that_is_left() -> None:
    # After "Madrid": the end weighs 0.5 * 4, going on weighs 2 (San Marino).
    assert shares(hand_trie(), hand_trie().walk([13])) == pytest.approx({EOS: 0.5, SEP: 0.5})


def test_what_is_said_is_not_said_again_and_none_cannot_follow() -> None:
    trie = hand_trie()
    assert shares(trie, trie.walk([13, SEP])) == {10: 1.0}
    assert shares(trie, trie.walk([13, SEP, 10, 11, SEP, 10])) == pytest.approx(
        {12: 2 / 3, EOS: 1 / 3 * 2 / 4, SEP: 1 / 3 * 2 / 4}
    )


def test_none_ends_the_answer() -> None:
    trie = hand_trie()
    assert shares(trie, trie.walk([14, 15])) == {EOS: 1.0}
    assert trie.walk([14, 15, EOS]).done


def test_the_first_answers_weight_holds_against_all_further_ones() -> None:
    trie = hand_trie()
    late = shares(trie, trie.walk([13, SEP, 10, 11]))  # first Madrid (4), now San Marino; San Jose (2) is left
    assert late == pytest.approx({EOS: 0.5 * 4 / 4, SEP: 2 / 4})


def test_max_answers_and_room_end_the_answer() -> None:
    trie = hand_trie(DecodeSettings(max_answers=1, max_new_tokens=32))
    assert shares(trie, trie.walk([13])) == {EOS: 1.0}
    tight = hand_trie(DecodeSettings(max_new_tokens=4))  # Madrid | San Marino EOS would be five
    assert shares(tight, tight.walk([13])) == {EOS: 1.0}


def test_what_the_limits_left_out_is_told_from_what_was_not_chosen() -> None:
    every = ["Madrid", "San Marino", "San Jose", "Lima", "Quito"]  # no candidate is called as the last two
    open_ended, only_one = hand_trie(), hand_trie(DecodeSettings(max_answers=1, max_new_tokens=32))
    madrid, *others = (open_ended.find(name) or 0 for name in every[:3])
    assert only_one.left_out([madrid], every) == every[1:]
    assert open_ended.left_out([madrid], every) == []  # San Marino might have followed, and did not
    assert open_ended.left_out([madrid, *others], every) == ["Lima", "Quito"]
    assert only_one.left_out([madrid], every[1:]) == []  # another list


def test_equal_tokens_merge_into_the_heavier_and_both_are_found() -> None:
    trie = AnswerTrie([Candidate("us", 1.0), Candidate("US", 3.0)], [(5,), (5,)], separator=[SEP], eos=EOS)
    assert len(trie.entries) == 1
    assert trie.entries[0].candidate.text == "US"
    assert trie.entries[0].also == ("us",)
    assert trie.find("us") == trie.find("US") == trie.find("Us") == 0
    assert trie.find("UK") is None


def test_the_processor_multiplies_the_two_experts() -> None:
    scores = torch.zeros(1, 20)
    scores[0, 10], scores[0, 13], scores[0, 7] = math.log(2), math.log(1), 50.0  # token 7 is not allowed
    empty = torch.zeros(1, 0, dtype=torch.long)
    for strength in (0.0, 1.0, 2.0):
        trie = hand_trie(DecodeSettings(strength=strength, max_new_tokens=32))
        out = GroundedLogitsProcessor([trie])(empty, scores)[0]
        assert out[7] == -math.inf
        assert out[10].item() == pytest.approx(math.log(2 / 4) + strength * math.log(0.5), abs=1e-6)
        assert out[13].item() == pytest.approx(math.log(1 / 4) + strength * math.log(0.4), abs=1e-6)


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="stop_ratio > 0"):
        DecodeSettings(stop_ratio=0)


candidate_sets = st.lists(
    st.tuples(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.floats(1e-6, 10)), min_size=1, max_size=12
)


@given(candidate_sets, st.lists(st.integers(0, 10), max_size=40), st.booleans())
def test_every_walk_ends_as_distinct_candidates(
    entries: list[tuple[list[int], float]], turns: list[int], with_none: bool
) -> None:
    candidates = [Candidate(str(tokens), weight) for tokens, weight in entries]
    tokens = [tuple(t) for t, _ in entries]
    if with_none:
        candidates.append(Candidate(NONE_TEXT, 1.0, "none"))
        tokens.append((9,))
    trie = AnswerTrie(candidates, tokens, separator=[SEP, 8], eos=EOS, settings=DecodeSettings(max_new_tokens=24))
    state, said = State(), []
    for turn in turns + [0] * 40:
        options = trie.options(state)
        assert options
        assert len({option.token for option in options}) == len(options)
        assert sum(math.exp(option.log_prior) for option in options) == pytest.approx(1)
        token = options[turn % len(options)].token
        said.append(token)
        state = trie.advance(state, token)
        if state.done:
            break
    assert state.done
    assert len(said) <= 24
    assert len(set(state.said)) == len(state.said)
    assert trie.walk(said) == state
    assert trie.spell(state.said) == said


@given(candidate_sets)
def test_the_prior_of_a_whole_candidate_is_its_weight(entries: list[tuple[list[int], float]]) -> None:
    trie = AnswerTrie(
        [Candidate(str(t), w) for t, w in entries], [tuple(t) for t, _ in entries], separator=[SEP], eos=EOS
    )
    total = sum(entry.candidate.weight for entry in trie.entries)
    for entry in trie.entries:
        state, log_prior = State(), 0.0
        for token in entry.tokens:
            log_prior += {o.token: o.log_prior for o in trie.options(state)}[token]
            state = trie.advance(state, token)
        inside = trie.nodes[entry.path[-1]].children
        ends = [math.exp(o.log_prior) for o in trie.options(state) if o.token not in inside]
        assert math.exp(log_prior) * sum(ends) == pytest.approx(entry.candidate.weight / total)
