"""load: what is told apart, and the one sentence for everything that is wrong."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

import graph_data
from graph_data import EmptyGraphError, GraphError, GraphReadError, UnknownSampleError

Write = Callable[..., Path]


def message(source: object, **options: object) -> str:
    """The error of a load that fails; one line, with its place."""
    with pytest.raises(GraphError) as caught:
        graph_data.load(source, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_a_missing_file_names_the_samples(tmp_path: Path) -> None:
    with pytest.raises(UnknownSampleError, match="no such file or folder"):
        graph_data.load(tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.graphml", "a.ttl", "a.tsv.gz"])
@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_an_empty_file(write: Write, name: str, content: bytes) -> None:
    assert "the file is empty" in message(write(name, content))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04rest", "ZIP archive or an Excel workbook"),
        (b"%PDF-1.7 rest", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (pickle.dumps({"a": 1}), "pickles are never loaded"),
        (bytes(range(128, 256)) * 20 + bytes(range(1, 9)) * 99, "binary file"),
        (b"a,b,c\nx,\x00,y\n", "line 2: a NUL byte"),
    ],
)
def test_a_binary_file(write: Write, content: bytes, what: str) -> None:
    assert what in message(write("a.csv", content))


def test_a_damaged_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\tc\n" * 9999)[:50])
    assert "gzip file is damaged" in message(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.graphml", "<graphml><graph edgedefault='directed'></graph></graphml>"),
        ("a.gexf", "<gexf><graph><nodes/></graph></gexf>"),
        ("a.json", '{"nodes": [], "links": []}'),
        ("a.jsonld", "{}"),
        ("a.ttl", "@prefix a: <http://a.org/> .\n"),
        ("a.gml", "graph [ directed 1 ]"),
        ("a.csv", "source,target\n"),
        ("films.csv", "title,year\n"),
        ("b.json", "[]"),
    ],
)
def test_an_empty_graph(write: Write, name: str, content: str) -> None:
    with pytest.raises(EmptyGraphError):
        graph_data.load(write(name, content))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.json", '{"nodes": [],\n "links": [}', 2),
        ("a.graphml", "<graphml>\n<graph>\n<node id='1'></graph>", 3),
        ("a.ttl", "@prefix a: <http://a.org/> .\na:b a:c\n", 3),
        ("a.nt", "<http://a> <http://b> <http://c> .\n<http://a> <http://b> oops .\n", 2),
        ("a.gml", 'graph [\n node [ id 1 label "a ]\n]', 2),
        ("a.hext", '["a", "b", "c", "globalId", "", ""]\n["a", "b"]\n', 2),
        ("a.cypher", "CREATE (a:Person {name: 'A'})\nCREATE (b:Person {name 'B'})\n", 2),
    ],
)
def test_what_does_not_parse_says_the_line(write: Write, name: str, content: str, line: int) -> None:
    assert f"{name}, line {line}: " in message(write(name, content))


def test_an_xml_bomb_is_not_expanded(write: Write) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    assert "entities" in message(write("a.graphml", f"{bomb}<graphml><graph><node id='&b;'/></graph></graphml>"))
    rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>&b;</rdf:RDF>"
    assert "entities" in message(write("a.rdf", bomb + rdf))


def test_deep_nesting_is_refused(write: Write) -> None:
    assert "deep" in message(write("a.json", "[" * 100_000))
    assert "deep" in message(write("a.graphml", "<graphml>" + "<graph>" * 5000))


def test_a_page_saved_in_place_of_a_file(write: Write) -> None:
    assert "HTML page" in message(write("a.csv", "<!DOCTYPE html><html><body>404, not found</body></html>"))


def test_prose_is_no_graph(write: Write) -> None:
    assert "no columns found" in message(
        write("a.txt", "Once upon a time there was a graph.\nIt had, alas, no edges.\n")
    )


def test_unknown_options_and_formats_are_named(write: Write) -> None:
    path = write("a.csv", "source,target\na,b\n")
    assert "no option 'haed'" in message(path, haed="source")
    assert "no format 'xls'" in message(path, format="xls")
    assert "no column 'from'" in message(path, head="from", tail="target")
    assert "only one was named" in message(path, head="source")
    assert "not one character" in message(path, delimiter="||")
    assert "no encoding 'klingon'" in message(path, encoding="klingon")
    assert "image= goes with scene graphs" in message(path, image="1")


def test_content_wins_over_a_wrong_suffix(write: Write) -> None:
    graph = graph_data.load(
        write("a.csv", "<graphml><graph><node id='a'/><edge source='a' target='b'/></graph></graphml>")
    )
    assert graph.num_nodes == 2
    assert "the suffix .csv says otherwise" in str(graph.report)
    assert "though it is called so" in message(write("a.json", "source,target\na,b\n"))


@pytest.mark.parametrize(
    ("data", "note"),
    [
        ("Zoë\tknows\tÅsa\n".encode("utf-8-sig"), ""),
        ("Zoë\tknows\tÅsa\n".encode("utf-16"), ""),
        ("Zoë\tknows\tÅsa\n".encode("latin-1"), "not UTF-8 (line 1): read as Latin-1"),
    ],
)
def test_encodings(write: Write, data: bytes, note: str) -> None:
    graph = graph_data.load(write("a.tsv", data))
    assert list(graph.triples()) == [("Zoë", "knows", "Åsa")]
    assert note in str(graph.report)


def test_an_encoding_by_name(write: Write) -> None:
    path = write("a.tsv", "Ян\tзнает\tОля\n".encode("cp1251"))
    assert next(graph_data.load(path, encoding="cp1251").triples()) == ("Ян", "знает", "Оля")


class TestFolders:
    def test_nodes_and_edges_by_name(self, write: Write, tmp_path: Path) -> None:
        write("x-nodes.csv", "Id,Label\n1,Ann\n2,Bob\n")
        write("x-edges.csv", "Source,Target,Label\n1,2,knows\n")
        write("README.md", "hello")
        assert list(graph_data.load(tmp_path).triples()) == [("Ann", "knows", "Bob")]

    def test_several_pairs_are_named(self, write: Write, tmp_path: Path) -> None:
        for name in ("x", "y"):
            write(f"{name}-nodes.csv", "Id,Label\n1,Ann\n")
            write(f"{name}-edges.csv", "Source,Target\n1,1\n")
        assert "2 pairs of node and edge tables (x, y)" in message(tmp_path)

    def test_splits_of_one_set_are_merged(self, write: Write, tmp_path: Path) -> None:
        write("train.tsv", "a\tr\tb\nb\tr\tc\na\ts\tc\n")
        write("test.tsv.gz", "a\ts\tb\na\tr\tb\nc\tr\ta\n")
        graph = graph_data.load(tmp_path)
        assert (graph.num_nodes, graph.num_edges, graph.report.duplicate_edges) == (3, 5, 1)

    def test_nothing_to_read(self, tmp_path: Path) -> None:
        assert "no file in this folder" in message(tmp_path)

    def test_graphrag_tables_belong_together(self, write: Write) -> None:
        path = write(
            "entities.csv", "id,human_readable_id,title,type,description\nx1,0,ANN,PERSON,a baker\nx2,1,BOB,PERSON,\n"
        )
        write("relationships.csv", "id,source,target,description,weight\nr1,ANN,BOB,Ann taught Bob,2\n")
        graph = graph_data.load(path)
        assert graph.node_text(0) == "name: ANN; type: PERSON; description: a baker"
        assert list(graph.triples()) == [("ANN", "Ann taught Bob", "BOB")]


def test_the_public_names() -> None:
    assert sorted(graph_data.__all__) == [
        "EmptyGraphError", "GraphError", "GraphReadError", "LoadReport", "TextualGraph", "UnknownSampleError",
            "Workspace",
        "from_networkx", "from_pandas", "from_pyg", "load", "samples",
    ]  # fmt: skip
    assert issubclass(GraphReadError, GraphError)
