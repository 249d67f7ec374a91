"""Answer: what a question gets. Text, answers, the evidence, and how sure and how fast it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graph_data.text import readable_relation
from graphrag.retrieval.subgraph import Subgraph
from graphrag.wording.statements import Citation, sentence

ABSTAIN_TEXT = "The graph does not say."


@dataclass(frozen=True)
class Answer:
    """The reply to one question.

    Attributes:
        question: as asked.
        understood: as it was read: a follow-up written out ("And of France?" after the capital of Spain).
        text: the reply in words, for a person.
        answers: the bare answers, best first; empty if abstained. Relations are named as in the graph. A list is given
            whole, up to 1,000, though the text names twelve and the model has read what the prompt has room for.
        subgraph: the evidence, the nodes that are answers marked so.
        evidence_text: the textualized evidence that the model read.
        grounded: every answer names something in the evidence.
        abstained: the graph does not say.
        confidence: 0..1, that the first answer (or abstaining) is right.
        confidences: the same, one an answer.
        prompt: all that the language model read, graph tokens written [graph].
        model: name of the language model.
        prompt_tokens: tokens of the prompt, graph tokens included.
        seconds: embed, retrieve, generate, total.
        dropped_triples: triples that the token budget left out of the prompt.
        ambiguous: what the question says that several nodes are called, and how many they are.
        citations: the triples that the answers follow from, those of the first answer first.
    """

    question: str
    text: str
    answers: list[str]
    subgraph: Subgraph
    evidence_text: str = ""
    grounded: bool = True
    abstained: bool = False
    confidence: float = 0.0
    confidences: list[float] = field(default_factory=list)
    model: str = ""
    prompt_tokens: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    dropped_triples: int = 0
    citations: tuple[Citation, ...] = ()
    understood: str = ""
    ambiguous: Mapping[str, int] = field(default_factory=dict)
    prompt: str = ""

    def in_a_sentence(self) -> Answer:
        """The same answer, its text a full sentence that says why."""
        return self if self.abstained else replace(self, text=sentence(self._in_words(), self.citations))

    def _in_words(self) -> list[str]:
        """The answers, relations as a person reads them."""
        relations = {one.relation for one in self.citations}
        return [readable_relation(answer) if answer in relations else answer for answer in self.answers]

    def ambiguity(self) -> str:
        """In words, what several nodes are called; empty if nothing is."""
        return " ".join(f"{count} nodes are called “{name}”." for name, count in self.ambiguous.items())

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `graphrag ask --json`."""
        return {
            "question": self.question,
            "answer": self.text,
            "answers": self.answers,
            "nodes": [{"id": n.id, "text": n.text, "role": n.role, "score": n.score} for n in self.subgraph.nodes],
            "edges": [
                {"source": e.source, "relation": e.text, "target": e.target, "role": e.role, "score": e.score}
                for e in self.subgraph.edges
            ],
            "grounded": self.grounded,
            "confidence": self.confidence,
            "abstained": self.abstained,
            "model": self.model,
            "prompt_tokens": self.prompt_tokens,
            "seconds": self.seconds,
        }
