"""Recipe: from sources of questions to a folder of weights, in three stages.

    1. the reasoner, from questions and answers alone              -> reasoner.json, reasoner.safetensors
    2. the query ranker, from the query graphs that this           -> query_ranker.json, query_ranker.safetensors
       reasoner proposes, and what they answer
    3. graph encoder, projector and language model, from the       -> adapter.json, *.safetensors
       prompts that retrieval with both makes

`graphrag train --recipe default --data DIR` makes the weights that ship (all layers of the default language model are
trained); `--graph` and `--benchmark` adapt them, or any other language model by LoRA, to one graph.
"""

from __future__ import annotations

import json
import logging
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from graph_data.benchmarks import Question
from graphrag.embedding import default_embedder
from graphrag.errors import ConfigError
from graphrag.evaluation import evaluate
from graphrag.index import GraphIndex
from graphrag.models.adapters import load_graph_llm, with_lora
from graphrag.models.graph_encoder import GraphEncoderConfig
from graphrag.models.graph_llm import GraphLLM
from graphrag.models.grounding import DecodeSettings
from graphrag.models.language_model import DEFAULT_NAME, LoraSettings, load_language_model, wrap_language_model
from graphrag.models.prefix_lm import default_tokenizer, new_prefix_lm
from graphrag.models.prompt import Example
from graphrag.models.query_ranker import QueryRanker
from graphrag.models.reasoner import Reasoner
from graphrag.retrieval.prizes import LearnedReader
from graphrag.retrieval.retriever import Retriever, RetrieverConfig
from graphrag.retrieval.textualize import textualizer_fingerprint
from graphrag.training.examples import LabelledQuestion, examples_of, memory_index
from graphrag.training.ranker_training import RankerTraining, evaluate_ranker, train_ranker, train_screen
from graphrag.training.ranking_examples import Proposed, proposals_of, to_read
from graphrag.training.reasoner_training import (
    PreparedGraph,
    ReasonerTraining,
    hit_at_1,
    prepare,
    train_reasoner,
)
from graphrag.training.sources import Source, choice_questions, read_sources, source_of_benchmark, source_of_graph
from graphrag.training.trainer import TrainConfig, train
from graphrag.training.written_sets import written_sets

log = logging.getLogger(__name__)

HELD_OUT_PROMPTS = 24  # of each source
HELD_OUT_PATTERNS = 60  # questions of each source, for the ranker
HELD_OUT_ASKED = 60  # questions of each source, before and after
SCREENED = 50  # questions of each source, for the ranker's screen
REPLAYED = 8  # questions of each written set that is replayed
SHIPPED = Path(__file__).parents[1] / "models" / "weights" / "default"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out, beside the data.

    Attributes:
        name: "default" trains the language model in all its layers, "adapt" by LoRA.
        worlds, tables: invented graphs among the sources, small tables apart.
        questions: made from a graph that has none.
        replayed: written sets that the ranker sees beside a graph that it is adapted to, so that it does not forget how
            people ask: what is made from a graph is said in fewer ways, and it would take others for unanswerable.
        prompts: that the language model sees of all sources together, about.
        choice_epochs: how often it sees each question that offers choices beside them.
        budgets: tokens of the evidence in those prompts, each with its share; short ones are fast to learn from.
    """

    name: str = "default"
    worlds: int = 340
    tables: int = 420
    questions: int = 2000
    replayed: int = 0
    prompts: int = 9200
    choice_epochs: int = 2
    budgets: tuple[tuple[int, float], ...] = ((RetrieverConfig().token_budget, 0.13), (96, 0.87))
    reasoner: ReasonerTraining = field(default_factory=ReasonerTraining)
    ranker: RankerTraining = field(default_factory=lambda: RankerTraining(epochs=2, learning_rate=1.5e-4))
    adapter: TrainConfig = field(default_factory=lambda: TrainConfig(epochs=1, language_model_lr=1.5e-4))


RECIPES = {
    "default": Recipe(),
    "adapt": Recipe(
        "adapt",
        worlds=0,
        tables=0,
        replayed=60,
        reasoner=ReasonerTraining(epochs=4, learning_rate=2e-4),
        ranker=RankerTraining(learning_rate=3e-5, head_rate=3e-4),
        adapter=TrainConfig(epochs=1, language_model_lr=3e-4),
    ),
}


@dataclass(frozen=True)
class Material:
    """A source made ready: its index, and its questions as the reasoner takes them."""

    source: Source
    index: GraphIndex
    train: PreparedGraph
    validation: PreparedGraph


def run(
    *,
    out: Path,
    graph: str | None = None,
    benchmark: str | None = None,
    data: Path | None = None,
    recipe: str | None = None,
    llm: str = DEFAULT_NAME,
    epochs: int | None = None,
    resume: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Train and say what was gained.

    Args:
        out: folder of the adapter.
        graph: a file, folder, index or sample; questions are made from it.
        benchmark: name of a benchmark under `data`.
        recipe: "default" makes the shipped weights from the sets under `data`.
        llm: the language model to adapt.
        epochs: of the adapter's training; None leaves the recipe's.
        resume: go on where a stopped run left off.

    Returns:
        out, examples, seconds, steps; and of held-out questions: Hit@1 of the whole way from question to answer before
        and after (before: as shipped; absent where the default model itself is made), Hit@1 of the reasoner alone by
        source before and after, the share whose best query graph is right, and Hit@1 on the validation prompts.
    """
    chosen = _recipe(recipe, llm, epochs, seed)
    sources = _sources(chosen, graph, benchmark, data, seed)
    began = time.monotonic()
    materials = [_material(source) for source in sources]
    out.mkdir(parents=True, exist_ok=True)
    before, after = _train_the_reasoner(materials, chosen, out, resume)
    ranked = _train_the_ranker(materials, chosen, out, resume)
    model = _model(chosen, llm)
    train_examples, validation = _examples(materials, out, model, chosen, seed)
    if chosen.name == "default" and data is not None:
        for part, questions in zip((train_examples, validation), choice_questions(data, seed), strict=True):
            part.extend(_choice_examples(questions, chosen.choice_epochs if part is train_examples else 1))
    result = train(
        model,
        train_examples,
        validation,
        chosen.adapter,
        out,
        resume=resume,
        log=log.info,
        embedder=default_embedder().fingerprint,
        textualizer=textualizer_fingerprint("triples"),
        notes={"recipe": chosen.name, "sources": {source.name: source.licence for source in sources[:20]}},
    )
    asked = {"hit_at_1_after": _hit_at_1(materials, llm, out)}
    if chosen.name == "adapt":
        asked = {"hit_at_1_before": _hit_at_1(materials, llm, None), **asked}
    return {
        "out": str(out),
        "examples": len(train_examples),
        "seconds": round(time.monotonic() - began, 1),
        **asked,
        "reasoner_hit_at_1_before": before,
        "reasoner_hit_at_1": after,
        "ranker_right": ranked,
        "prompt_hit_at_1": round(result.hit_at_1, 4),
        "steps": result.steps,
    }


def _recipe(name: str | None, llm: str, epochs: int | None, seed: int) -> Recipe:
    if name not in (None, *RECIPES):
        raise ConfigError(f"there is no recipe {name!r}; choose one of {', '.join(RECIPES)}.")
    if name == "default" and llm != DEFAULT_NAME:
        raise ConfigError("the recipe 'default' trains the default language model; leave out --llm, or use --graph.")
    chosen = RECIPES[name or "adapt"]
    adapter = replace(chosen.adapter, seed=seed, epochs=epochs or chosen.adapter.epochs)
    reasoner, ranker = replace(chosen.reasoner, seed=seed), replace(chosen.ranker, seed=seed)
    return replace(chosen, adapter=adapter, reasoner=reasoner, ranker=ranker)


def _sources(
    recipe: Recipe, graph: str | None, benchmark: str | None, data: Path | None, seed: int
) -> Sequence[Source]:
    if graph is not None:
        return [source_of_graph(graph, seed, recipe.questions)]
    if benchmark is not None and data is not None:
        return [source_of_benchmark(benchmark, data, seed)]
    if data is None:
        raise ConfigError("this recipe needs --data DIR, the folder with its question sets.")
    return read_sources(data, seed, recipe.worlds, recipe.tables)


def _material(source: Source) -> Material:
    index = memory_index(source.graph)
    train_part, validation = (prepare(source.name, index, part) for part in (source.train, source.validation))
    log.info("%s: %d questions to train on, %d held out", source.name, len(source.train), len(source.validation))
    return Material(source, index, replace(train_part, weight=source.weight), validation)


def _train_the_reasoner(
    materials: Sequence[Material], recipe: Recipe, out: Path, resume: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """Stage 1; kept if a stopped run had finished it. Returns Hit@1 by source before (if adapted) and after."""
    done = out / "reasoner.done.json"
    if resume and done.is_file():
        before, after = json.loads(done.read_text("utf-8"))
        return before, after
    start = Reasoner.load(SHIPPED) if recipe.name == "adapt" else None
    shown = [material for material in materials if material.source.weight > 0]
    held_out = [material.validation for material in shown if material.validation.questions]
    before = {} if start is None else _hits(start, held_out)
    training = [material.train for material in shown if material.train.questions]
    trained = train_reasoner(training, held_out, recipe.reasoner, out, start, resume)
    after = _hits(trained, held_out)
    done.write_text(json.dumps([before, after]), "utf-8")
    return before, after


def _train_the_ranker(materials: Sequence[Material], recipe: Recipe, out: Path, resume: bool) -> float:
    """Stage 2; kept if a stopped run had finished it. Returns the share of held-out questions ranked rightly."""
    done = out / "query_ranker.done.json"
    if resume and done.is_file():
        return float(json.loads(done.read_text("utf-8")))
    torch.manual_seed(recipe.ranker.seed)
    start = QueryRanker.load(SHIPPED) if recipe.name == "adapt" else QueryRanker()
    reasoner, rng = Reasoner.load(out), random.Random(recipe.ranker.seed)

    def drawn(material: Material, questions: Sequence[LabelledQuestion], most: int) -> Iterator[Proposed]:
        chosen = rng.sample(questions, min(len(questions), most))
        return proposals_of(material.source.name, material.index, chosen, reasoner)

    again = [p for m in _replayed(recipe) for p in drawn(m, m.source.train, REPLAYED)]
    screened = [p for m in materials for p in drawn(m, m.source.train, SCREENED)]
    train_screen(start, [p.without_words() for p in (*screened, *again)], recipe.ranker)
    training = [to_read(p, start, True) for m in materials for p in drawn(m, m.source.train, m.source.patterns)]
    training += [to_read(p, start, True) for p in again]
    held_out = [to_read(p, start, False) for m in materials for p in drawn(m, m.source.validation, HELD_OUT_PATTERNS)]
    trained = train_ranker(start, training, held_out, recipe.ranker, out, resume)
    right = evaluate_ranker(trained, held_out).get("right", 0.0)
    done.write_text(json.dumps(right), "utf-8")
    return right


def _replayed(recipe: Recipe) -> Iterator[Material]:
    """Written sets as they stand, drawn anew for each seed; their questions are for the ranker alone."""
    rng = random.Random(recipe.ranker.seed)
    for written in rng.sample(written_sets("train"), recipe.replayed):
        source = Source(written.name, written.graph(), tuple(written.labelled()), (), "made here")
        nothing = prepare(source.name, index := memory_index(source.graph), ())
        yield Material(source, index, nothing, nothing)


def _choice_examples(questions: Sequence[Question], times: int) -> list[Example]:
    """Prompts of questions that offer choices, each with its own small graph as evidence."""
    made = []
    for question in questions:
        assert question.graph is not None
        prompt = Retriever(memory_index(question.graph)).retrieve(question.question, choices=question.choices).prompt
        made.append(Example(prompt, question.answers))
    return made * times


def _hit_at_1(materials: Sequence[Material], llm: str, adapter: Path | None) -> float:
    """Hit@1 of held-out questions, asked of their graphs the way a user asks."""
    from graphrag.assistant import GraphRAG

    found: list[float] = []
    for material in materials:
        asked = material.source.validation[:HELD_OUT_ASKED]
        questions = [Question(str(n), question.text, question.said) for n, question in enumerate(asked)]
        report = evaluate(GraphRAG(material.index, llm=llm, adapter=adapter), questions) if questions else None
        found += [record.hit_at_1 for record in report.records if record.hit_at_1 is not None] if report else []
    return round(sum(found) / max(1, len(found)), 4)


def _hits(model: Reasoner, held_out: Sequence[PreparedGraph]) -> dict[str, float]:
    """Hit@1 by source, invented worlds together."""
    found: dict[str, list[float]] = {}
    for prepared in held_out:
        name = "worlds" if prepared.name.startswith("world-") else prepared.name
        found.setdefault(name, []).append(hit_at_1(model, prepared).get("hit_at_1", 0.0))
    return {name: round(sum(values) / len(values), 4) for name, values in found.items()}


def _model(recipe: Recipe, llm: str) -> GraphLLM:
    """The model to train: the default one afresh in all its layers, or any other by LoRA."""
    if recipe.name == "default":
        encoder = GraphEncoderConfig(kind="transformer", layers=2, num_tokens=4, heads=4)
        lm = new_prefix_lm().requires_grad_(True)
        lm.get_input_embeddings().weight.requires_grad_(False)
        afresh = wrap_language_model(DEFAULT_NAME, lm, default_tokenizer(), trained_in_full=True)
        return GraphLLM(afresh, encoder, DecodeSettings(strength=8.0))  # chosen on the written validation sets
    if llm == DEFAULT_NAME:
        return with_lora(load_graph_llm(), LoraSettings())
    encoder = GraphEncoderConfig(num_tokens=4)
    return GraphLLM(load_language_model(llm, lora=LoraSettings()), encoder, DecodeSettings())


def _examples(
    materials: Sequence[Material], weights: Path, model: GraphLLM, recipe: Recipe, seed: int
) -> tuple[list[Example], list[Example]]:
    """Prompts of training and validation questions, within the recipe's token budgets."""
    reader, ranker = LearnedReader(Reasoner.load(weights)), QueryRanker.load(weights)
    rng = random.Random(seed)
    tokenizer = model.language_model.tokenizer
    offered = sum(min(len(material.source.train), material.source.prompts) for material in materials)
    thinned = min(1.0, recipe.prompts / max(1, offered))

    def count(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    examples: tuple[list[Example], list[Example]] = ([], [])
    for material in materials:
        for part, questions in enumerate((material.source.train, material.source.validation)):
            most = min(len(questions), HELD_OUT_PROMPTS if part else material.source.prompts)
            chosen = rng.sample(questions, most if part else math.ceil(most * thinned))
            taken = 0
            for budget, share in recipe.budgets:
                some = chosen[taken : taken + math.ceil(share * len(chosen))]
                taken += len(some)
                if some:
                    retriever = Retriever(material.index, RetrieverConfig(token_budget=budget), reader, count, ranker)
                    examples[part].extend(examples_of(retriever, some))
    return examples
