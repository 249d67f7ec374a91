"""Bench: how long retrieval takes on graphs of growing size, stage by stage, beside others, identical sets checked.

The published retrieval (`graphrag.retrieval.reference`) is asked on generated heavy-tailed graphs, or on a graph of
one's own; the question is taken as embedded. Beside it, in the same run and on the same problems: pcst-fast on the
whole graph, and PyTorch Geometric's `retrieval_via_pcst`, on graphs small enough for it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphrag.evaluation.published import published_retrieval
from graphrag.pictures import Line, Panel, draw
from graphrag.retrieval.reference import EdgeKinds, reference_edge_terms, searched_node_prizes
from graphrag.retrieval.search import QUANTISED_FROM, NodeSearch, Quantised, VectorTable
from graphrag.retrieval.steiner import Sparse, SteinerTree, Topology, prized_tree

if TYPE_CHECKING:
    from rich.table import Table

    from graphrag.index import GraphIndex

FloatArray = npt.NDArray[np.float32]
TOP_NODES, TOP_EDGES, EDGE_COST = 3, 5, 0.5
DIMENSION = 384
TEXTS = 200_000  # distinct node texts of a generated graph, at most
RELATIONS = 500
EDGES_A_NODE = 5
NOISE = 0.5  # in a question's vector, beside the names and the relation that it is made of


@dataclass(frozen=True)
class Problem:
    """A graph whose retrieval is timed.

    Attributes:
        search: for nodes, by the vectors of their texts.
        relation_vectors: float32 [R, D].
        edge_relation: [E]; kinds: the edges of each relation.
    """

    name: str
    topology: Topology
    search: NodeSearch
    relation_vectors: FloatArray
    edge_relation: npt.NDArray[np.int32]
    kinds: EdgeKinds


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a stage over the questions."""

    median: float
    p95: float


@dataclass(frozen=True)
class Measured:
    """One graph's figures.

    Attributes:
        stages: search, prizes, tree and all of these; `whole`: the tree by pcst-fast on the whole graph; `pyg`: all of
            PyG's retrieval; `published`: all of the published one's. Where they were run.
        identical: of `compared` questions, those with the same nodes and edges as pcst-fast finds on the whole graph,
            and the published retrieval.
        looked_at: median of the ends of edges that were set up to find the tree.
    """

    name: str
    nodes: int
    edges: int
    questions: int
    stages: Mapping[str, Timing]
    compared: int
    identical: int
    looked_at: int


def heavy_tailed(num_edges: int, seed: int = 0, relations: int = RELATIONS) -> Problem:
    """A graph grown by preferential attachment: an edge's end is that of an earlier edge, or any node, by turns.

    Args:
        num_edges: five a node.
        seed: the only source of chance.
        relations: distinct edge texts; the one of rank r has a share of edges like 1 / r.
    """
    rng = np.random.default_rng(seed)
    num_nodes = max(2, num_edges // EDGES_A_NODE)
    source = np.arange(num_edges) // EDGES_A_NODE % num_nodes
    target = (rng.random(num_edges) * np.maximum(source, 1)).astype(np.int64)
    copied = np.flatnonzero(rng.random(num_edges) < 0.6)
    target[copied] = target[(rng.random(len(copied)) * np.maximum(copied, 1)).astype(np.int64)]
    popular = 1 / np.arange(1, relations + 1)
    relation = rng.choice(relations, num_edges, p=popular / popular.sum()).astype(np.int32)
    name = f"generated, {num_edges:,} edges, {relations:,} relations"
    return with_vectors(name, np.stack([source, target]), num_nodes, relation, rng)


def with_vectors(
    name: str,
    edge_index: npt.NDArray[np.int64],
    num_nodes: int,
    relation: npt.NDArray[np.int32],
    rng: np.random.Generator,
) -> Problem:
    """A graph of edges [2, E], each with its relation [E]; the texts get vectors by chance (TEXTS nodes at most)."""
    relations = int(relation.max()) + 1
    texts = min(num_nodes, TEXTS)
    vectors = _unit(rng.standard_normal((texts, DIMENSION), np.float32))
    node_text = np.arange(num_nodes, dtype=np.int32) % texts
    quantised = Quantised.of(vectors) if texts >= QUANTISED_FROM else None
    return Problem(
        name,
        Topology.of(edge_index, num_nodes),
        NodeSearch(VectorTable(vectors, texts, quantised), node_text),
        _unit(rng.standard_normal((relations, DIMENSION), np.float32)),
        relation,
        EdgeKinds.of(relation, relations),
    )


def problem_of(index: GraphIndex, name: str) -> Problem:
    """A graph of one's own, with the vectors of its index."""
    graph = index.graph
    return Problem(
        name,
        Topology(graph.edge_index, index.indptr, index.incident_edges),
        index.node_search,
        np.asarray(index.relation_vectors()),
        graph.edge_relation,
        EdgeKinds.of(graph.edge_relation, len(graph.relations)),
    )


def questions_of(problem: Problem, count: int, seed: int) -> Iterator[FloatArray]:
    """Vectors of questions, each near the names of two nodes and a relation of the first; every other about a hub."""
    rng = np.random.default_rng(seed)
    vectors, node_text = problem.search.texts.vectors, problem.search.node_text
    hubs = np.argsort(-np.diff(problem.topology.indptr), kind="stable")[: max(1, count // 2)]
    edges = problem.topology.edge_index
    for turn in range(count):
        edge = int(rng.integers(problem.topology.num_edges))
        about = int(hubs[turn // 2 % len(hubs)] if turn % 2 else edges[0, edge])
        other = int(rng.integers(problem.topology.num_nodes))
        noise = _unit(rng.standard_normal((1, vectors.shape[1]), np.float32))[0] * NOISE
        named = vectors[node_text[about]] + 0.7 * vectors[node_text[other]]
        yield _unit((named + problem.relation_vectors[problem.edge_relation[edge]] + noise)[None])[0]


def measure(
    problem: Problem,
    count: int = 20,
    seed: int = 0,
    whole: bool = True,
    pyg: bool = False,
    published: bool = False,
) -> Measured:
    """Ask `count` questions; `whole`, `pyg` and `published` run the others beside."""
    times: dict[str, list[float]] = {}
    looked_at, identical, compared = list[int](), 0, 0
    by_pyg = _pyg(problem) if pyg else None
    as_published = _published(problem) if published else None

    def clocked(stage: str, run: Callable[..., Any], *given: Any) -> Any:
        began = time.perf_counter()
        found = run(*given)
        times.setdefault(stage, []).append(1000 * (time.perf_counter() - began))
        return found

    topology = problem.topology
    for turn, vector in enumerate([next(questions_of(problem, 1, seed + 1)), *questions_of(problem, count, seed)]):
        node_prizes = clocked("search", searched_node_prizes, problem.search, vector, TOP_NODES)
        terms = node_prizes, *clocked("prizes", _edge_terms, problem, vector)
        tree: SteinerTree = clocked("tree", prized_tree, topology, *terms)
        times.setdefault("all", []).append(sum(times[stage][-1] for stage in ("search", "prizes", "tree")))
        if turn == 0:  # it warms up
            times.clear()
            continue
        looked_at.append(tree.certificate.edges)
        same: list[bool] = []
        if whole:
            other: SteinerTree = clocked("whole", prized_tree, topology, *terms, "pcst-fast")
            same.append(np.array_equal(tree.nodes, other.nodes) and np.array_equal(tree.edges, other.edges))
        if by_pyg is not None:
            clocked("pyg", by_pyg, vector)
        if as_published is not None:
            nodes, edges = clocked("published", as_published, vector)
            same.append(np.array_equal(tree.nodes, nodes) and np.array_equal(tree.edges, edges))
        compared += bool(same)
        identical += bool(same) and all(same)
    stages = {stage: Timing(*(round(float(np.percentile(ms, p)), 2) for p in (50, 95))) for stage, ms in times.items()}
    size = problem.topology.num_nodes, problem.topology.num_edges
    return Measured(problem.name, *size, count, stages, compared, identical, int(np.median(looked_at)))


def write(measured: Sequence[Measured], folder: Path) -> None:
    """`bench.json`, and `bench.svg`: milliseconds against edges, both logarithmic."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps([asdict(one) for one in measured], indent=1) + "\n", "utf-8")
    lines = []
    names = {
        "all": "retrieval",
        "whole": "pcst-fast on the whole graph",
        "pyg": "PyG",
        "published": "as published",
    }
    for stage, name in names.items():
        points = sorted((one.edges, one.stages[stage].median) for one in measured if stage in one.stages)
        if points:
            lines.append(Line(name, [x for x, _ in points], [y for _, y in points]))
    draw(
        folder / "bench.svg", [Panel("Retrieval, the question embedded", "edges", "milliseconds, median", lines, "log")]
    )


def table(measured: Sequence[Measured]) -> Table:
    """The figures for people: medians, and 95th percentiles in brackets, in milliseconds."""
    from rich.table import Table

    columns = ("search", "prizes", "tree", "all", "whole", "pyg", "published")
    found = Table(box=None, pad_edge=False, title="milliseconds: median (p95)", title_justify="left")
    for heading in ("graph", *columns, "identical", "looked at"):
        found.add_column(heading, justify="left" if heading == "graph" else "right")
    for one in measured:
        cells = [one.stages.get(column) for column in columns]
        found.add_row(
            one.name,
            *(f"{cell.median:,.1f} ({cell.p95:,.1f})" if cell else "" for cell in cells),
            f"{one.identical}/{one.compared}" if one.compared else "",
            f"{one.looked_at:,}",
        )
    return found


def _edge_terms(problem: Problem, vector: FloatArray) -> tuple[Sparse, float]:
    return reference_edge_terms(problem.relation_vectors @ vector, problem.kinds, TOP_EDGES, EDGE_COST)


def _pyg(problem: Problem) -> Callable[[FloatArray], Any]:
    """PyG's retrieval of the same graph; it wants a vector an edge."""
    import pandas as pd
    import torch
    from torch_geometric.data import Data
    from torch_geometric.llm.utils.backend_utils import retrieval_via_pcst

    edges = torch.from_numpy(problem.topology.edge_index)
    data = Data(
        x=torch.from_numpy(problem.search.texts.vectors[problem.search.node_text]),
        edge_index=edges,
        edge_attr=torch.from_numpy(problem.relation_vectors[problem.edge_relation]),
        num_nodes=problem.topology.num_nodes,
        node_idx=torch.arange(problem.topology.num_nodes),
        edge_idx=torch.arange(problem.topology.num_edges),
    )
    nodes = pd.DataFrame({"node_id": np.arange(data.num_nodes), "node_attr": ""})
    triples = pd.DataFrame({"src": edges[0].numpy(), "edge_attr": "", "dst": edges[1].numpy()})

    def ask(vector: FloatArray) -> Any:
        question = torch.from_numpy(vector)[None]
        return retrieval_via_pcst(data, question, nodes, triples, TOP_NODES, TOP_EDGES, EDGE_COST)

    return ask


def _published(problem: Problem) -> Callable[[FloatArray], Any]:
    """The published retrieval of the same graph; it wants a vector an edge, too."""
    import torch

    graph = (
        torch.from_numpy(problem.topology.edge_index),
        torch.from_numpy(problem.search.texts.vectors[problem.search.node_text]),
        torch.from_numpy(problem.relation_vectors[problem.edge_relation]),
    )
    return lambda vector: published_retrieval(*graph, torch.from_numpy(vector), TOP_NODES, TOP_EDGES, EDGE_COST)


def _unit(vectors: FloatArray) -> FloatArray:
    found: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
