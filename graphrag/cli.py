"""The command `graphrag`: ask, chat, index, update, info, train, eval, bench.

Every command has `--json`: one JSON object on stdout, all else on stderr. Exit 0 done, 1 failed, 2 wrong usage; a
failure is one line. Each command reads its options, calls the library and returns an `Output`; `main` alone prints and
exits. Heavy libraries are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from graphrag.cli_steps import (
    about_graph,
    about_index,
    check_model,
    each_its_own,
    load_graph,
    open_rag,
    size_in_bytes,
    what_to_ask,
    working,
)

if TYPE_CHECKING:
    from rich.console import Console

    from graphrag.index import GraphIndex

app = typer.Typer(
    name="graphrag",
    help="Ask questions of a textual graph, get an answer and see which part of the graph it came from.",
    epilog="SRC is a file, a folder, an index folder, or the name of a bundled sample; without --graph: countries.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_SOURCE = "A file, a folder, an index folder, or a sample's name (default: the sample `countries`)."
Method = Literal["default", "reference", "cosine", "walk", "triples", "paths", "hops", "text", "tokens", "free"]
_METHOD = (
    "default; reference (retrieval as G-Retriever publishes it); or default without a part of it: cosine (prizes), "
    "walk (no query graphs), triples, paths or hops (no Steiner tree), text (no graph tokens), tokens (no text), free "
    "(answers not grounded)."
)
_RETRIEVAL = "How evidence is found: default, or reference (as G-Retriever publishes it)."
Graph = Annotated[str | None, typer.Option("--graph", metavar="SRC", help=_SOURCE)]
Llm = Annotated[str, typer.Option("--llm", metavar="MODEL", help="`default`, a folder, or a Hugging Face name.")]
Adapter = Annotated[Path | None, typer.Option(metavar="DIR", help="What `graphrag train` wrote for that model.")]
EmbedderName = Annotated[
    str | None, typer.Option("--embedder", metavar="MODEL", help="A sentence-transformers model; offline by default.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where a failure comes from.")]
TopNodes = Annotated[int | None, typer.Option(min=0, help="How many nodes get a prize.")]
TopEdges = Annotated[int | None, typer.Option(min=0, help="How many edges get a prize.")]
TokenBudget = Annotated[
    int | None, typer.Option(min=16, help="Tokens of the evidence as text; more evidence is prized with more of them.")
]
EdgeCost = Annotated[float | None, typer.Option(help="Cost of an edge, in prizes; more than 0.")]


@dataclass(frozen=True)
class Output:
    """What a command found: as data, and how to show it to a person."""

    as_json: bool
    data: dict[str, Any]
    show: Callable[[Console], None]


@app.callback(invoke_without_command=True)
def options(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from graphrag import __version__

        typer.echo(f"chat-with-graph {__version__}")
        raise typer.Exit


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What to ask, in quotes.")],
    graph: Graph = None,
    llm: Llm = "default",
    adapter: Adapter = None,
    embedder: EmbedderName = None,
    top_k_nodes: TopNodes = None,
    top_k_edges: TopEdges = None,
    edge_cost: EdgeCost = None,
    token_budget: TokenBudget = None,
    retriever: Annotated[Literal["default", "reference"], typer.Option(help=_RETRIEVAL)] = "default",
    choice: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What may be answered; give two or more.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Answer one question and show the evidence.

    \b
    Examples:
      graphrag ask "What is the capital of the country that borders both France and Portugal?"
      graphrag ask "Who directed Insomnia?" --graph films.csv
      graphrag ask "Who directed Insomnia?" --graph films.index --json
    """
    with working(llm, embedder):
        from graphrag.assistant import check_choices, check_question

        check_question(question)
        check_choices(choice or ())
        sizes = {"top_k_nodes": top_k_nodes, "top_k_edges": top_k_edges, "token_budget": token_budget}
        given = {**sizes, "edge_cost": edge_cost}
        rag = open_rag(graph, llm, adapter, embedder=embedder, retriever=retriever, **given)
        answer = rag.ask(question, choice or ())
    from graphrag.console import show_answer

    return Output(as_json, answer.to_dict(), lambda console: show_answer(console, answer))


@app.command()
def chat(
    graph: Graph = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port to listen on.")] = 7860,
    llm: Llm = "default",
    adapter: Adapter = None,
    auth: Annotated[
        str | None, typer.Option(metavar="USER:PASSWORD", help="What visitors must enter; needed off this machine.")
    ] = None,
    questions_a_minute: Annotated[
        int, typer.Option(min=0, metavar="N", help="Answered to one address; 0 sets no limit.")
    ] = 120,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Open the web page: chat at the left, the evidence at the right. Ctrl+C stops it.

    \b
    Examples:
      graphrag chat
      graphrag chat --graph films.csv --port 8000
    """
    real_stdout = sys.stdout

    def ready(url: str) -> None:
        print(json.dumps({"url": url}) if as_json else f"Open {url} in a browser; Ctrl+C stops it.", file=real_stdout)
        real_stdout.flush()

    with working(llm):
        check_model(llm, adapter)
        from ui.app import launch

        own = str(adapter) if adapter else None
        launch(graph, host, port, llm=llm, adapter=own, auth=auth, questions_a_minute=questions_a_minute, ready=ready)


@app.command()
def index(
    source: Annotated[str, typer.Argument(metavar="SRC", help="A file, a folder, or a sample's name.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the index shall be.")],
    embedder: EmbedderName = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an index that is there.")] = False,
    read: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="How to read SRC, e.g. head=subject, delimiter=';', header=false."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Take at most so much memory, e.g. 2GB: SRC is read block by block."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Embed a graph once and keep it as an index, which opens at once.

    \b
    Examples:
      graphrag index films.csv --out films.index
      graphrag index people.csv --out p.index --read head=manager --read tail=report
      graphrag index wikidata.tsv.gz --out w.index --memory 4GB

    \b
    --memory is for a table of triples or edges (CSV, TSV, Parquet) that does not fit in memory: what is sorted and
    numbered on the way lies on disk beside DIR. Memory that is mapped from files does not count.
    Killed, it goes on where texts were being embedded.
    """
    bound = size_in_bytes(memory) if memory else None
    with working(embedder or "default"):
        from graphrag.console import progress, show_graph
        from graphrag.embedding import load_embedder
        from graphrag.index import GraphIndex
        from graphrag.storage import scratch

        chosen = load_embedder(embedder)
        with scratch(out, bound) as workspace:
            with progress("Reading rows", sys.stderr) as tell:
                graph = load_graph(source, read, workspace, tell)
            if graph.report.dropped_total:
                print(f"graphrag: {graph.report}", file=sys.stderr)
            with progress("Embedding texts", sys.stderr) as tell:
                made = GraphIndex.build(graph, out, chosen, progress=tell, overwrite=overwrite, workspace=workspace)
    found = {"path": str(made.path), **about_graph(made.graph), **about_index(made)}
    return Output(as_json, found, lambda console: show_graph(console, found))


@app.command()
def update(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="An index.")],
    add: Annotated[
        list[str] | None, typer.Option(metavar="SRC", help="A file, folder or sample whose nodes and edges are added.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A node that goes, with its edges; before adding.")
    ] = None,
    remove_edges: Annotated[
        str | None, typer.Option(metavar="SRC", help="A file of edges that go; their nodes stay.")
    ] = None,
    restore: Annotated[
        int | None, typer.Option(metavar="VERSION", help="Go back to a version; `graphrag info DIR` lists them.")
    ] = None,
    compact: Annotated[bool, typer.Option("--compact", help="Give up all versions but the current one.")] = False,
    read: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="How to read SRC, as in index.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Change the graph of an index: only new texts are embedded, and the versions before stay to go back to.

    Who has the index open keeps what was opened. Killed at any moment, the last version stands.

    \b
    Examples:
      graphrag update films.index --add new.csv
      graphrag update films.index --remove "Insomnia" --remove "Heat"
      graphrag update films.index --restore 1
    """
    changes = bool(add or remove or remove_edges is not None)
    if changes + (restore is not None) + compact != 1:
        raise typer.BadParameter("say what to do: --add, --remove, --remove-edges; or --restore; or --compact")
    with working():
        from graphrag.console import progress, show_graph
        from graphrag.index import GraphIndex

        if restore is not None:
            index = GraphIndex.restore(path, restore)
        elif compact:
            GraphIndex.compact(path)
            index = GraphIndex.open(path)
        else:
            index = _updated(path, add or [], remove or [], remove_edges, read, progress)
    found = {"path": str(path), "kind": "index", **about_graph(index.graph), **about_index(index)}
    return Output(as_json, found, lambda console: show_graph(console, found))


def _updated(
    path: Path, add: list[str], remove: list[str], remove_edges: str | None, read: list[str] | None, progress: Any
) -> GraphIndex:
    """The index after its changes; what is to be added is read first, so that a bad file changes nothing."""
    from functools import reduce

    from graph_data.changes import with_added
    from graphrag.index import GraphIndex

    graphs = [load_graph(source, read) for source in add]
    gone = load_graph(remove_edges, read) if remove_edges is not None else None
    with progress("Embedding texts", sys.stderr) as tell:
        more = reduce(with_added, graphs) if graphs else None
        return GraphIndex.update(path, add=more, remove=remove, remove_edges=gone, progress=tell)


@app.command()
def info(
    source: Annotated[str, typer.Argument(metavar="SRC|DIR", help="A file, a folder, an index, or a sample's name.")],
    read: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="How to read SRC, as in index.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Say what is in a graph or an index.

    \b
    Examples:
      graphrag info countries
      graphrag info films.index --json
    """
    with working():
        from graphrag.console import show_graph
        from graphrag.index import GraphIndex

        if GraphIndex.is_index(source):
            opened = GraphIndex.open(source)
            found = {"path": source, "kind": "index", **about_graph(opened.graph), **about_index(opened)}
        else:
            found = {"path": source, "kind": "graph", **about_graph(load_graph(source, read))}
    return Output(as_json, found, lambda console: show_graph(console, found))


@app.command()
def train(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the adapter shall be.")],
    graph: Graph = None,
    benchmark: Annotated[str | None, typer.Option(metavar="NAME", help="Learn from a benchmark's questions.")] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder with the benchmark's files.")] = None,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME", help="`default` makes the shipped model; `adapt` adapts it.")
    ] = None,
    llm: Llm = "default",
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the examples.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run left off.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed, the same run.")] = 0,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Train an adapter on a graph, a benchmark, or by a recipe. What is going on is told on stderr.

    \b
    Examples:
      graphrag train --graph films.csv --out films.adapter
      graphrag train --benchmark metaqa --data metaqa/ --out metaqa.adapter
    """
    if graph is not None and benchmark is not None:
        raise typer.BadParameter("give --graph SRC or --benchmark NAME, not both")
    if graph is None and benchmark is None and recipe is None:
        raise typer.BadParameter("give one of --graph SRC, --benchmark NAME and --recipe NAME")
    if graph is None and data is None:
        raise typer.BadParameter("--data DIR is missing, the folder with the questions' files")
    with working(llm, tell=True):
        check_model(llm, None)
        from graphrag import training
        from graphrag.console import show_graph

        found = training.run(
            graph=graph,
            benchmark=benchmark,
            data=data,
            recipe=recipe,
            out=out,
            llm=llm,
            epochs=epochs,
            resume=resume,
            seed=seed,
        )
    return Output(as_json, found, lambda console: show_graph(console, found))


@app.command(name="eval")
def evaluate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A benchmark, or qa for your own questions.")],
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder with the benchmark's files.")] = None,
    split: Annotated[str, typer.Option(help="Which of the benchmark's splits.")] = "test",
    hops: Annotated[int | None, typer.Option(min=1, max=3, help="Which of MetaQA's sets.")] = None,
    graph: Graph = None,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="qa: questions as .jsonl or .jsonl.gz.")
    ] = None,
    method: Annotated[Method, typer.Option(help=_METHOD)] = "default",
    llm: Llm = "default",
    adapter: Adapter = None,
    embedder: EmbedderName = None,
    token_budget: TokenBudget = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask so many, drawn at random.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write results, report and risk-coverage curve.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Ask many questions with known answers and report how good the replies are.

    \b
    Examples:
      graphrag eval qa
      graphrag eval qa --graph films.csv --questions questions.jsonl
      graphrag eval metaqa --data metaqa/ --hops 1 --limit 500
      graphrag eval qa --method cosine
    """
    with working(llm, embedder):
        from graphrag.console import progress
        from graphrag.evaluation import evaluate as evaluate_all
        from graphrag.evaluation.methods import METHODS
        from graphrag.evaluation.report import Written
        from graphrag.evaluation.runner import sample

        source, asked, named = what_to_ask(name, data, split, hops, graph, questions)
        written = Written(out) if out else None
        settings = {"embedder": embedder, "token_budget": token_budget, **METHODS[method].settings}
        if any(question.graph is not None for question in asked):
            rag: Any = each_its_own(llm, adapter, **settings)
        else:
            rag = open_rag(source, llm, adapter, **settings)
        with progress("Asking", sys.stderr) as tell:
            report = evaluate_all(
                rag,
                sample(asked, limit, seed),
                method=method,
                model=llm,
                progress=tell,
                keep=written.keep if written else None,
                **named,
            )
        if written:
            written.finish(report)
    return Output(as_json, report.to_dict(), lambda console: console.print(report.table()))


bench = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Measure retrieval: its time, and what it finds.")
app.add_typer(bench, name="bench")


@bench.command(name="retrieval")
def bench_retrieval(
    edges: Annotated[
        list[int] | None,
        typer.Option(min=10, metavar="N", help="Edges of a generated graph; else 1000 to 100000."),
    ] = None,
    graph: Annotated[
        list[str] | None, typer.Option("--graph", metavar="SRC", help="A graph of your own beside them.")
    ] = None,
    relations: Annotated[int, typer.Option(min=1, metavar="N", help="Distinct edge texts of a generated graph.")] = 500,
    questions: Annotated[int, typer.Option(min=1, help="How many are asked of each graph.")] = 20,
    whole_up_to: Annotated[
        int, typer.Option(min=0, metavar="N", help="Edges up to which pcst-fast is run on the whole graph, to compare.")
    ] = 1_000_000,
    pyg_up_to: Annotated[
        int, typer.Option(min=0, metavar="N", help="Edges up to which PyG's `retrieval_via_pcst` is run beside.")
    ] = 10_000,
    published_up_to: Annotated[
        int, typer.Option(min=0, metavar="N", help="Edges up to which the published code's steps are run beside.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the graphs and the questions.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write bench.json and bench.svg there.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """Time the published retrieval as it is done here, stage by stage, beside others; the question is embedded already.

    \b
    Examples:
      graphrag bench retrieval
      graphrag bench retrieval --edges 100000 --edges 1000000 --out bench/
      graphrag bench retrieval --graph films.index --whole-up-to 0
    """
    with working(tell=True):
        from graphrag.assistant import GraphRAG
        from graphrag.evaluation import bench as benches

        sizes = edges or ([] if graph else [1000, 10_000, 100_000])
        problems = itertools.chain(
            (benches.heavy_tailed(size, seed, relations) for size in sizes),
            (benches.problem_of(GraphRAG.open(source).index, source) for source in graph or ()),
        )
        measured = []
        for problem in problems:
            size = problem.topology.num_edges
            beside = (size <= most for most in (whole_up_to, pyg_up_to, published_up_to))
            measured.append(benches.measure(problem, questions, seed, *beside))
        if out is not None:
            benches.write(measured, out)
    found = {"retrieval": [asdict(one) for one in measured]}
    return Output(as_json, found, lambda console: console.print(benches.table(measured)))


@bench.command(name="coverage")
def bench_coverage(
    graph: Graph = None,
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help="Questions as .jsonl or .jsonl.gz.")] = None,
    token_budget: Annotated[int, typer.Option(min=1, metavar="N", help="Tokens of the evidence.")] = 512,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask so many, drawn at random.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = 0,
    as_json: Json = False,
    debug: Debug = False,
) -> Output:
    """How many of the answers the evidence names within a budget of tokens, by each way of retrieving.

    \b
    Examples:
      graphrag bench coverage
      graphrag bench coverage --graph films.csv --questions questions.jsonl --limit 200
    """
    with working():
        from graphrag.console import progress
        from graphrag.evaluation import coverage
        from graphrag.evaluation.runner import sample

        source, asked, _ = what_to_ask("qa", None, "", None, graph, questions)
        rag = open_rag(source, "default", None)
        with progress("Retrieving", sys.stderr) as tell:
            found = coverage.measure(rag.index, sample(asked, limit, seed), token_budget=token_budget, progress=tell)
    rows = {"coverage": [asdict(one) for one in found], "token_budget": token_budget}
    return Output(as_json, rows, lambda console: console.print(coverage.table(found)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run one command, print what it found, and return the exit status."""
    try:
        found = app(arguments, prog_name="graphrag", standalone_mode=False)
        if isinstance(found, Output):
            _print(found)
        return found if isinstance(found, int) else 0
    except BrokenPipeError:  # the reader of our output is gone, e.g. `graphrag info ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _fail("interrupted.", 1)
    except Exception as error:
        if "--debug" in arguments and getattr(error, "exit_code", 1) == 1:
            raise
        return _fail(*_sentence(error))


def _print(found: Output) -> None:
    if found.as_json:
        print(json.dumps(found.data, ensure_ascii=False, default=str), flush=True)
        return
    from graphrag.console import console_for

    found.show(console_for(sys.stdout))
    sys.stdout.flush()


def _sentence(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit status."""
    from graph_data.errors import GraphError

    if isinstance(error, GraphError):
        return str(error), 1
    if hasattr(error, "format_message"):  # typer's own: wrong usage
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "graphrag"
        return f"{error.format_message().rstrip('.')}; see `{command} --help`.", int(getattr(error, "exit_code", 2))
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}; check the path and its permissions.", 1
    return f"unexpected {type(error).__name__} ({error}); run it again with --debug to see where.", 1


def _fail(message: str, status: int) -> int:
    print("graphrag: " + " ".join(message.split()), file=sys.stderr)
    return status


if __name__ == "__main__":
    main()
