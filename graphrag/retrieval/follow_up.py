"""Follow-ups that name only another thing: "And of France?" after "What is the capital of Spain?".

Such a question says nothing about what is asked, so it is written out: the question before, the new name in the place
of the old one. That is done only if the two things are alike, that is, if a relation leads from both or to both; else
the follow-up stands for itself. Follow-ups that lean on what was said ("and who wrote it?") are the retriever's: it
starts them from what was talked about. Once it is answered, `resolved` says what "it" was, for the follow-up after.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from graphrag.retrieval.hits import pronoun_in
from graphrag.retrieval.mentions import Mention, MentionTable, words_with_spans

# Words with which a follow-up turns to another thing, and nothing is asked.
_TURNING = frozenset(
    "and or but so then now also about as at by for from how in is it of on ok okay please same the this that to well "
    "what with".split()
)
_POSSESSIVE = frozenset("its his their theirs hers".split())
Kinds = Callable[[Mention], Collection[tuple[int, bool]]]  # relations at a mention's nodes, and whether they lead away


def written_out(question: str, before: str, table: MentionTable, kinds: Kinds) -> str:
    """The follow-up as a question of its own; as it is, if it asks something itself or nothing fits.

    Args:
        question: the follow-up. before: the question before, written out itself.
        table: knows the names of the graph.
        kinds: tells of what kind a mention's nodes are.
    """
    named = _names(question, table)
    if not named or not _only_turns(question, named):
        return question
    new = [kinds(mention) for mention in named]
    old = [mention for mention in _names(before, table) if all(set(kinds(mention)) & set(own) for own in new)]
    if not old:
        return question
    word = _word_before(question, named[0])
    alike = [mention for mention in old if word and _word_before(before, mention) == word]
    place = (alike or old)[-1]
    said = question[named[0].start : named[-1].end]
    return before[: place.start] + said + before[place.end :]


def resolved(question: str, meant: Collection[str]) -> str:
    """The question with its pronoun replaced by the name that it stood for; as it is if that may be several, or none.

    Args:
        meant: the names that were talked about before and turned out to be what the answer follows from.
    """
    pronoun = pronoun_in(question)
    if pronoun is None or len(set(meant)) != 1:
        return question
    word, start, end = pronoun
    (name,) = set(meant)
    return question[:start] + name + ("'s" if word in _POSSESSIVE else "") + question[end:]


def _names(question: str, table: MentionTable) -> list[Mention]:
    return [mention for mention in table.find(question) if not mention.function_words]


def _only_turns(question: str, named: list[Mention]) -> bool:
    """Whether the question holds names and words of turning to them, and no more."""
    return all(
        word in _TURNING or any(mention.start <= start and end <= mention.end for mention in named)
        for word, start, end in words_with_spans(question)
    )


def _word_before(question: str, mention: Mention) -> str:
    words = [word for word, _, end in words_with_spans(question) if end <= mention.start]
    return words[-1] if words and words[-1] != "and" else ""
