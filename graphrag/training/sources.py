"""Sources of training questions: labelled sets, and questions made from graphs and from invented worlds.

`read_sources(data)` reads those whose files are under `data`; each gives questions to train on and, apart from them,
questions to validate on. Rows that a benchmark keeps for testing are never read.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import graph_data
from graph_data.benchmarks import Question, expla_graphs, load_benchmark
from graph_data.errors import GraphReadError
from graph_data.textual_graph import TextualGraph
from graphrag.errors import ConfigError
from graphrag.index import GraphIndex
from graphrag.training.domains import all_domains
from graphrag.training.examples import LabelledQuestion
from graphrag.training.hops import GeneratedQuestion
from graphrag.training.question_generation import questions_from_graph
from graphrag.training.worlds import generate_questions, generate_table, generate_world
from graphrag.training.written_sets import written_sets

log = logging.getLogger(__name__)

PLAIN = 8  # questions made from each written graph
TABLE_MIX = {"one": 0.6, "two": 0.08, "conjunction": 0.06, "yes_no": 0.06, "unanswerable": 0.2}
HELD_OUT_DOMAINS = frozenset({"law", "theatre", "trains", "wine"})


@dataclass(frozen=True)
class Source:
    """One graph with its questions, split.

    Attributes:
        licence: of the data.
        weight: how often the reasoner is shown its questions in an epoch.
        patterns: of how many questions the ranker sees query graphs.
        prompts: of how many questions the language model sees prompts.
    """

    name: str
    graph: TextualGraph
    train: tuple[LabelledQuestion, ...]
    validation: tuple[LabelledQuestion, ...]
    licence: str
    weight: float = 1.0
    patterns: int = 1500
    prompts: int = 400


def read_sources(data: Path, seed: int = 0, worlds: int = 340, tables: int = 420) -> list[Source]:
    """The written sets, MetaQA, PathQuestion, WorldCup2014 and WebQSP as far as they are there; worlds; tables."""
    rng = random.Random(seed)
    sources: list[Source] = list(written_sources(rng))
    for read in (_metaqa, _pathquestion, _worldcup, _webqsp):
        try:
            sources.extend(read(data, rng))
        except FileNotFoundError as error:
            log.warning("source left out: %s is not there.", error.filename)
    sources.extend(invented_worlds(worlds, rng))
    sources.extend(invented_tables(tables, rng))
    return sources


def choice_questions(data: Path, seed: int = 0) -> tuple[list[Question], list[Question]]:
    """ExplaGraphs' training questions, each of a graph of its own, a tenth held out; none if they are not there."""
    try:
        questions = expla_graphs.load(data / "expla_graphs", split="train")[1]
    except GraphReadError as error:
        log.warning("source left out: %s", error)
        return [], []
    random.Random(seed).shuffle(questions)
    return questions[len(questions) // 10 :], questions[: len(questions) // 10]


def source_of_graph(source: str, seed: int, count: int) -> Source:
    """Questions made from a graph alone, a tenth of them held out.

    Raises:
        ConfigError: nothing can be asked of it.
    """
    graph = GraphIndex.open(source).graph if GraphIndex.is_index(source) else graph_data.load(source)
    made = questions_from_graph(graph, count, random.Random(seed))
    questions = tuple(dict.fromkeys(labelled(question) for question in made))
    if len(questions) < 20:
        raise ConfigError(f"{source}: too few questions can be made from this graph ({len(questions)}) to train on.")
    held = max(10, len(questions) // 10)
    return Source(
        Path(source).name, graph, questions[held:], questions[:held], "the user's", patterns=600, prompts=1500
    )


def labelled(made: GeneratedQuestion) -> LabelledQuestion:
    """A generated question; what it asks for is told where its answer, yes or no, says little."""
    relations = tuple(sorted(relation for relation, _ in made.path)) if made.kind == "yes_no" else None
    return LabelledQuestion(made.question, made.answers, relations)


def source_of_benchmark(name: str, data: Path, seed: int) -> Source:
    """The training questions of a benchmark (MetaQA's dev rows), a tenth of them held out."""
    benchmark = load_benchmark(name, data, split="dev")
    if benchmark.graph is None:
        raise ConfigError(
            f"{name}: its questions have a graph each; the recipe 'default' trains on them, this does not."
        )
    questions = [LabelledQuestion(question.question, question.answers) for question in benchmark.questions]
    random.Random(seed).shuffle(questions)
    held = max(10, min(300, len(questions) // 10))
    return Source(
        name, benchmark.graph, tuple(questions[held:]), tuple(questions[:held]), "the benchmark's", prompts=3000
    )


def invented_worlds(count: int, rng: random.Random, questions: int = 48) -> Iterator[Source]:
    """Worlds with invented names; every twentieth is kept for validation, and is of domains that no other is of."""
    known = [domain for domain in all_domains() if domain.name not in HELD_OUT_DOMAINS]
    unseen = [domain for domain in all_domains() if domain.name in HELD_OUT_DOMAINS]
    for number in range(count):
        held_out = number % 20 == 19
        world = generate_world(rng, unseen if held_out else known)
        made = [labelled(question) for question in generate_questions(world, questions, rng)]
        train, validation = ((), tuple(made)) if held_out else (tuple(made), ())
        yield Source(f"world-{number}", world.graph, train, validation, "made here", prompts=36)


def invented_tables(count: int, rng: random.Random, questions: int = 16) -> Iterator[Source]:
    """Small tables, asked simply and often for what they do not hold."""
    known = [domain for domain in all_domains() if domain.name not in HELD_OUT_DOMAINS]
    for number in range(count):
        table = generate_table(rng, known)
        made = tuple(labelled(question) for question in generate_questions(table, questions, rng, TABLE_MIX))
        yield Source(f"table-{number}", table.graph, made, (), "made here", prompts=12)


def written_sources(rng: random.Random, renamed: int = 2, plain: int = PLAIN) -> Iterator[Source]:
    """The written sets as they stand, and those to train on `renamed` times more in other schemas.

    People seldom echo the name of a relation, so `plain` questions that do, made from the graph, stand beside theirs.
    """
    for part in ("train", "validation"):
        for written in written_sets(part):
            if part == "validation":
                yield Source(written.name, written.graph(), (), tuple(written.labelled()), "made here", prompts=30)
                continue
            schemas = [(written.graph(), list(written.labelled())), *(written.renamed(rng) for _ in range(renamed))]
            for turn, (graph, questions) in enumerate(schemas, start=1):
                name = written.name if turn == 1 else f"{written.name}-{turn}"
                made = [labelled(question) for question in questions_from_graph(graph, plain, rng)]
                yield Source(name, graph, (*questions, *made), (), "made here", prompts=30)


def _metaqa(data: Path, rng: random.Random) -> Iterator[Source]:
    folder = data / "metaqa"
    graph = _kb(folder / "kb.tsv.gz", folder / "kb_extra_from_1hop_dev.tsv.gz")
    train: list[LabelledQuestion] = []
    validation: list[LabelledQuestion] = []
    for hops, wanted in ((1, 1900), (2, 2200), (3, 1900)):
        rows = [row for row in _rows(folder / f"{hops}hop_dev.jsonl.gz") if row.get("gold_reachable", 1) == 1]
        kept, held = _split(rows, 3 if hops > 1 else 10)
        train += _labelled(rng.sample(kept, min(len(kept), wanted)))
        validation += _labelled(rng.sample(held, min(len(held), 40)))
    yield Source("metaqa", graph, tuple(train), tuple(validation), "CC BY 3.0", 0.5, 2500)


def _pathquestion(data: Path, rng: random.Random) -> Iterator[Source]:
    for name, weight in (("PQ-2H", 0.4), ("PQ-3H", 0.4), ("PQL-2H", 0.5)):
        folder = data / "pathquestion" / name
        train, validation = (_labelled(_rows(folder / f"{split}.jsonl.gz")) for split in ("train", "dev"))
        graph, held = _kb(folder / "kb.tsv.gz"), rng.sample(validation, min(120, len(validation)))
        yield Source(name, graph, tuple(train), tuple(held), "Freebase, CC BY", weight)


def _worldcup(data: Path, rng: random.Random) -> Iterator[Source]:
    folder = data / "worldcup2014"
    train, validation = (
        [q for part in ("WC-P1", "WC-P2", "WC-C") for q in _labelled(_rows(folder / f"{part}_{split}.jsonl.gz"))]
        for split in ("train", "dev")
    )
    validation = rng.sample(validation, min(120, len(validation)))
    yield Source(
        "worldcup2014", _kb(folder / "kb.tsv.gz"), tuple(train), tuple(validation), "player lists of FIFA", 0.2
    )


def _webqsp(data: Path, rng: random.Random) -> Iterator[Source]:
    """Questions as people typed them, those of the training part whose answers a string-linked topic leads to."""
    graph = _kb(data / "freebase_mini" / "triples.tsv.gz")
    rows = _rows(data / "webqsp" / "train_2826_linked_to_freebase_mini.jsonl.gz")
    questions = _labelled([row for row in rows if float(str(row["gold_in_2hop"])) > 0])
    rng.shuffle(questions)
    train, held = tuple(questions[150:]), tuple(questions[:150])
    yield Source("webqsp", graph, train, held, "WebQuestions, CC BY 4.0; Freebase, CC BY", 0.0, prompts=0)


def _kb(*paths: Path) -> TextualGraph:
    triples: dict[tuple[str, str, str], None] = {}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                head, relation, tail, *_ = line.rstrip("\n").split("\t")
                triples[(head, relation, tail)] = None
    return TextualGraph.from_triples(triples)


def _rows(path: Path) -> list[dict[str, object]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _labelled(rows: Sequence[dict[str, object]]) -> list[LabelledQuestion]:
    return [LabelledQuestion(str(row["question"]), tuple(row["answers"])) for row in rows]  # type: ignore[arg-type]


def _split(rows: Sequence[dict[str, object]], one_in: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Hold out one row in `one_in`, by a hash of its id."""

    def held(row: dict[str, object]) -> bool:
        return int(hashlib.sha256(str(row["id"]).encode()).hexdigest(), 16) % one_in == 0

    return [row for row in rows if not held(row)], [row for row in rows if held(row)]
