"""GraphRAG: the public face. One graph, one model; ask, stream, chat.

    rag = GraphRAG.open("countries")
    answer = rag.ask("What is the capital of Spain?")

Loads what it needs on first use, so that making one is quick. This module puts the steps together and knows the
inside of none.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import graph_data
from graph_data.text import readable_relation
from graph_data.textual_graph import TextualGraph
from graphrag.answer import ABSTAIN_TEXT, Answer
from graphrag.embedding import Embedder, Progress, load_embedder
from graphrag.errors import ConfigError, QuestionError
from graphrag.index import GraphIndex, index_of
from graphrag.models.prompt import NONE_TEXT
from graphrag.retrieval.follow_up import resolved
from graphrag.retrieval.subgraph import Subgraph, around

if TYPE_CHECKING:
    from graphrag.models.decoding import Generation
    from graphrag.models.graph_llm import GraphLLM
    from graphrag.models.query_ranker import QueryRanker
    from graphrag.models.reasoner import Reasoner
    from graphrag.retrieval.retriever import Retrieved, Retriever
    from graphrag.retrieval.textualize import Form
    from graphrag.wording.statements import Citation

Reads = Literal["both", "text", "tokens"]
MAX_QUESTION_CHARS = 2_000
DEFAULT_LLM = "default"
_ONE_AT_A_TIME = threading.Lock()  # of the steps of all streams: side by side they would only slow each other
_LOADING = threading.Lock()
SHIPPED = Path(__file__).parent / "models" / "weights" / "default"


class GraphRAG:
    """Answers questions of one graph.

    Args:
        graph: a textual graph, or an opened index of one.
        llm: "default", a folder, or a Hugging Face name such as "Qwen/Qwen3-0.6B".
        adapter: folder that `graphrag train` wrote for this llm.
        embedder: None for the offline default, or a sentence-transformers model.
        retriever: "default" or "reference" (G-Retriever as published).
        prizes: "learned"; "walk", by the reasoner alone, no query graph ranked; or "cosine" (default mode only).
        top_k_nodes, top_k_edges, edge_cost, token_budget: see `RetrieverConfig`.
        selection: "pcst", or "triples", "paths" or "hops" to compare with (see `RetrieverConfig`; default mode only).
        reads: what the language model is given: the evidence's "text", its graph "tokens", or "both".
        grounded: answers name something in the evidence; False lets the model say what it will.
        progress: called with (texts done, texts in all) while a graph is indexed.

    Raises:
        GraphError: with one sentence, if something does not fit.
    """

    def __init__(
        self,
        graph: TextualGraph | GraphIndex,
        *,
        llm: str = DEFAULT_LLM,
        adapter: str | Path | None = None,
        embedder: str | None = None,
        retriever: Literal["default", "reference"] = "default",
        prizes: Literal["learned", "walk", "cosine"] = "learned",
        top_k_nodes: int | None = None,
        top_k_edges: int | None = None,
        edge_cost: float | None = None,
        token_budget: int | None = None,
        selection: Literal["pcst", "triples", "paths", "hops"] = "pcst",
        reads: Reads = "both",
        grounded: bool = True,
        progress: Progress | None = None,
    ) -> None:
        from graphrag.retrieval.retriever import RetrieverConfig

        if prizes not in ("learned", "walk", "cosine"):
            raise ConfigError(f"prizes must be 'learned', 'walk' or 'cosine', not {prizes!r}.")
        if reads not in ("both", "text", "tokens"):
            raise ConfigError(f"reads must be 'both', 'text' or 'tokens', not {reads!r}.")
        defaults = RetrieverConfig()
        self.config = RetrieverConfig(
            mode=retriever,
            top_k_nodes=top_k_nodes,
            top_k_edges=top_k_edges,
            edge_cost=edge_cost,
            token_budget=defaults.token_budget if token_budget is None else token_budget,
            selection=selection,
        )
        self.reads = reads
        self.llm, self.adapter, self.prizes, self.grounded = llm, adapter, prizes, grounded
        self.index = (
            graph
            if isinstance(graph, GraphIndex)
            else index_of(graph, load_embedder(embedder) if embedder else None, progress=progress)
        )

    @staticmethod
    def open(source: str | Path | None = None, **options: Any) -> GraphRAG:
        """Open an index folder, or load and index a file, a folder or a bundled sample (None: the default sample)."""
        source = graph_data.samples.DEFAULT if source is None else source
        if GraphIndex.is_index(source):
            embedder = options.get("embedder")
            return GraphRAG(GraphIndex.open(source, load_embedder(embedder) if embedder else None), **options)
        return GraphRAG(graph_data.load(source), **options)

    @property
    def graph(self) -> TextualGraph:
        return self.index.graph

    @cached_property
    def model(self) -> GraphLLM:
        """The language model with its graph encoder, loaded on first use."""
        return _shared_model(self.llm, self.adapter, self.index.embedder, self.config.form, self.reads)

    @cached_property
    def retriever(self) -> Retriever:
        """The retriever, its reasoner and ranker loaded on first use."""
        from graphrag.retrieval.prizes import CosineReader, LearnedReader
        from graphrag.retrieval.retriever import Retriever

        if self.prizes == "cosine":
            return Retriever(self.index, self.config, CosineReader(), self.count_tokens)
        with _LOADING:
            reader = LearnedReader(_shared_reasoner(*self._weights("reasoner.safetensors")))
            ranker = None if self.prizes == "walk" else _shared_ranker(*self._weights("query_ranker.safetensors"))
        return Retriever(self.index, self.config, reader, self.count_tokens, ranker)

    def _weights(self, file: str) -> tuple[Path, float]:
        """The adapter's folder if it has such a file, else the shipped one; and the file's time."""
        own = None if self.adapter is None else Path(self.adapter)
        folder = own if own and (own / file).is_file() else SHIPPED
        return folder, (folder / file).stat().st_mtime if (folder / file).is_file() else 0.0

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, as the language model counts them."""
        return len(self.model.language_model.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def ask(self, question: str, choices: Sequence[str] = ()) -> Answer:
        """Answer one question.

        Args:
            choices: two or more texts, one of which is the answer; none: the answer is looked for in the graph.

        Raises:
            QuestionError: it is empty or longer than MAX_QUESTION_CHARS, or there is nothing to choose between.
        """
        return _exhaust(self._answer(question, None, choices))

    def stream(self, question: str) -> Stream:
        """The reply piece by piece; see `Stream`."""
        return Stream(self._answer(question, None))

    def look(
        self,
        question: str,
        before: Answer | None = None,
        *,
        top_k_nodes: int | None = None,
        top_k_edges: int | None = None,
        edge_cost: float | None = None,
        token_budget: int | None = None,
    ) -> Look:
        """What would be read for a question, with other settings than those of this assistant; nothing is answered.

        Args:
            before: the answer that a follow-up follows.
            top_k_nodes, top_k_edges, edge_cost, token_budget: see `RetrieverConfig`; None leaves the assistant's.

        Raises:
            QuestionError: as `ask`. ConfigError: a setting is out of range.
        """
        given: dict[str, Any] = {
            "top_k_nodes": top_k_nodes,
            "top_k_edges": top_k_edges,
            "edge_cost": edge_cost,
            "token_budget": token_budget,
        }
        config = replace(self.config, **{name: value for name, value in given.items() if value is not None})
        with _ONE_AT_A_TIME:
            retriever = self.retriever.with_config(config)
            found = _retrieved(retriever, check_question(question), before)
            prompt = self.model.written(found.prompt)
        seconds = {name: round(value, 4) for name, value in found.seconds.items()}
        return Look(found.subgraph, prompt, found.tokens, found.dropped, seconds)

    def neighbours(self, node: int, limit: int = 12, beyond: Subgraph | None = None) -> Subgraph:
        """A node and what is next to it, whatever the question.

        Args:
            node: its row in the graph.
            limit: edges at most, taken from each relation in turn.
            beyond: what is known already; its edges are not among those found.

        Raises:
            ConfigError: the graph has no such row.
        """
        if not 0 <= node < self.graph.num_nodes:
            raise ConfigError(f"the graph has no node {node}; its rows are 0 to {self.graph.num_nodes - 1}.")
        known = [edge.position for edge in beyond.edges] if beyond else []
        edges = self.index.incident([node])
        return around(self.graph, node, edges[~np.isin(edges, known)], limit)

    @property
    def place(self) -> Path | None:
        """The folder of the index; None if it goes when this does."""
        return self.index.path if self.index.lasts else None

    def altered(self, llm: str, adapter: str | Path | None = None, grounded: bool = True) -> GraphRAG:
        """The same graph and retrieval, answered by another model, or with answers bound to the evidence or not.

        Raises:
            ModelError: the model cannot be loaded.
        """
        other = copy.copy(self)
        for loaded in ("model", "retriever"):  # made anew on first use
            vars(other).pop(loaded, None)
        other.llm, other.adapter, other.grounded = llm, adapter, grounded
        other.model  # noqa: B018  # a cached property: loads
        return other

    def chat(self, turns: Sequence[Answer] = ()) -> Chat:
        """A conversation, whose questions may lean on those before; it goes on from `turns`."""
        return Chat(self, turns)

    def _answer(
        self, question: str, before: Answer | None, choices: Sequence[str] = ()
    ) -> Generator[str | Subgraph, None, Answer]:
        """Yield the evidence, then the reply's pieces; return the answer."""
        question, choices = check_question(question), check_choices(choices)
        began = time.perf_counter()
        with _ONE_AT_A_TIME:
            retrieved = _retrieved(self.retriever, question, before, choices)
        yield retrieved.subgraph
        generating = time.perf_counter()
        generation = yield from _step_by_step(self.model.stream(retrieved.prompt, grounded=self.grounded))
        done = time.perf_counter()
        seconds = {**retrieved.seconds, "generate": done - generating, "total": done - began}
        return self._assemble(question, before, retrieved, generation, seconds)

    def _assemble(
        self,
        question: str,
        before: Answer | None,
        retrieved: Retrieved,
        generation: Generation,
        seconds: dict[str, float],
    ) -> Answer:
        abstained = generation.kind == "none"
        named = {candidate.text: candidate.confidence for candidate in retrieved.prompt.candidates}
        alike = next((named.get(answer) for answer in generation.answers), None)
        known = {**dict.fromkeys(retrieved.prompt.every, alike), **named}
        confidences, confidence = _confidences(generation, known)
        citations = retrieved.cite(generation.answers, generation.kind)
        subgraph = retrieved.subgraph
        if retrieved.widen and any(answer in known and answer not in named for answer in generation.answers):
            subgraph = retrieved.widen(generation.answers)
        named_before = {node.name for node in before.subgraph.nodes if node.role != "bridge"} if before else set()
        meant = [end for one in citations for end in (one.head, one.tail) if end in named_before]
        return Answer(
            question=question,
            understood=resolved(retrieved.prompt.question, set(meant) - set(generation.answers)),
            text=ABSTAIN_TEXT if abstained else generation.text,
            answers=_as_written(generation, citations),
            subgraph=subgraph.with_answers(generation.answers),
            evidence_text=retrieved.prompt.evidence,
            prompt=self.model.written(retrieved.prompt),
            grounded=all(answer in known for answer in generation.answers),
            abstained=abstained,
            confidence=round(confidence, 4),
            confidences=[round(value, 4) for value in confidences],
            model=self.llm,
            prompt_tokens=generation.prompt_tokens,
            seconds={name: round(value, 4) for name, value in seconds.items()},
            dropped_triples=retrieved.dropped,
            ambiguous=retrieved.ambiguous,
            citations=citations,
        )


@dataclass(frozen=True)
class Look:
    """What the language model would read.

    Attributes:
        subgraph: the evidence. prompt: as text, graph tokens written [graph].
        tokens: of the evidence's text. dropped: triples that did not fit.
        seconds: embed, retrieve.
    """

    subgraph: Subgraph
    prompt: str
    tokens: int
    dropped: int
    seconds: Mapping[str, float]


class Stream:
    """A reply as it is written: iterate for pieces of text.

    Attributes:
        subgraph: the evidence, there as soon as the stream is made.
        answer: the whole answer, once the pieces are through.
    """

    def __init__(self, steps: Generator[str | Subgraph, None, Answer]) -> None:
        self._steps = steps
        first = next(steps)
        self.subgraph: Subgraph = first if isinstance(first, Subgraph) else Subgraph()
        self.answer: Answer | None = None

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                piece = next(self._steps)
            except StopIteration as done:
                self.answer = done.value
                return
            if isinstance(piece, str):
                yield ABSTAIN_TEXT if piece.rstrip(".").casefold() == ABSTAIN_TEXT.rstrip(".").casefold() else piece

    def close(self) -> None:
        """Stop writing."""
        self._steps.close()


class Chat:
    """A conversation over one graph: answers are full sentences that say why.

    A follow-up ("and who wrote it?") starts from what was just talked about.
    """

    def __init__(self, rag: GraphRAG, turns: Sequence[Answer] = ()) -> None:
        self.rag = rag
        self.turns: list[Answer] = list(turns)

    def rewind(self, turns: int) -> None:
        """Forget all but the first so many turns."""
        del self.turns[turns:]

    def ask(self, question: str) -> Answer:
        """Answer the next question; raises as `GraphRAG.ask`."""
        answer = _exhaust(self._answer(question))
        return answer

    def stream(self, question: str) -> Stream:
        """The next reply piece by piece; it joins the conversation once it is through."""
        return Stream(self._answer(question))

    def _answer(self, question: str) -> Generator[str | Subgraph, None, Answer]:
        said = ""
        steps = self.rag._answer(question, self.turns[-1] if self.turns else None)
        while True:
            try:
                piece = next(steps)
            except StopIteration as done:
                answer: Answer = done.value
                break
            if isinstance(piece, str):
                piece = piece.capitalize() if piece in ("yes", "no") else piece
                said += piece
            yield piece
        if self.rag.grounded and not answer.abstained:
            answer = answer.in_a_sentence()
            yield answer.text.removeprefix(said)
        self.turns.append(answer)
        return answer


def _as_written(generation: Generation, citations: Sequence[Citation]) -> list[str]:
    """The answers; relations, which the reply says in words ("mentored by"), as the graph has them (`MENTORED_BY`)."""
    if generation.kind != "relation":
        return list(generation.answers)
    written = {readable_relation(one.relation): one.relation for one in reversed(citations)}
    return [written.get(answer, answer) for answer in generation.answers]


def _confidences(generation: Generation, retrieved: Mapping[str, float | None]) -> tuple[list[float], float]:
    """That each answer is right, and that the reply is: as its first answer, or as abstaining.

    What retrieval can tell (confidences by text) goes before the language model's probabilities.
    """
    given = zip(generation.answers, generation.probabilities, strict=True)
    each = [probability if (known := retrieved.get(text)) is None else known for text, probability in given]
    if each:
        return each, each[0]
    nothing = retrieved.get(NONE_TEXT)
    return [], float(generation.confidence) if nothing is None else nothing


def _retrieved(retriever: Retriever, question: str, before: Answer | None, choices: Sequence[str] = ()) -> Retrieved:
    """Retrieve for a question, or for a follow-up of the answer before."""
    if before is None:
        return retriever.retrieve(question, None, choices)
    whole = retriever.written_out(question, before.understood or before.question)
    return retriever.retrieve(whole, before.subgraph if whole == question else None, choices)


def _step_by_step(steps: Generator[str, None, Generation]) -> Generator[str, None, Generation]:
    """Take each step alone, and let others in between."""
    while True:
        with _ONE_AT_A_TIME:
            try:
                piece = next(steps)
            except StopIteration as done:
                generation: Generation = done.value
                return generation
        yield piece


_MODELS: dict[tuple[str, ...], GraphLLM] = {}


def _shared_model(llm: str, adapter: str | Path | None, embedder: Embedder, form: Form, reads: Reads) -> GraphLLM:
    """One model for all graphs that are asked through it; the two used last are kept."""
    from graphrag.models.adapters import load_graph_llm

    key = (llm, str(adapter), embedder.fingerprint, form, reads)
    with _LOADING:
        if key not in _MODELS:
            model = load_graph_llm(llm, adapter, embedder=embedder, form=form)
            model.use_text &= reads != "tokens"
            model.use_graph_tokens &= reads != "text"
            _MODELS[key] = model
        _MODELS[key] = _MODELS.pop(key)
        while len(_MODELS) > 2:
            del _MODELS[next(iter(_MODELS))]
        return _MODELS[key]


@lru_cache(maxsize=2)
def _shared_reasoner(folder: Path, written: float) -> Reasoner:
    """One for all graphs; read again if its file was `written` again."""
    from graphrag.models.reasoner import Reasoner

    return Reasoner.load(folder)


@lru_cache(maxsize=2)
def _shared_ranker(folder: Path, written: float) -> QueryRanker:
    """As above."""
    from graphrag.models.query_ranker import QueryRanker

    return QueryRanker.load(folder)


def check_question(question: str) -> str:
    """The question without blanks around it.

    Raises:
        QuestionError: it is empty or too long.
    """
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty; ask something of the graph.")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"The question has {len(question):,} characters, more than the {MAX_QUESTION_CHARS:,} that can be read; "
            "shorten it."
        )
    return question


def check_choices(choices: Sequence[str]) -> tuple[str, ...]:
    """The choices, each once, without blanks around them.

    Raises:
        QuestionError: there is only one, or an empty one.
    """
    distinct = tuple(dict.fromkeys(choice.strip() for choice in choices))
    if len(distinct) == 1 or not all(distinct):
        raise QuestionError(
            "There is nothing to choose between; give two or more different choices, none of them empty."
        )
    return distinct


def _exhaust(steps: Generator[str | Subgraph, None, Answer]) -> Answer:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
