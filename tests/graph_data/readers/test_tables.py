"""Tables of triples, of edges, of nodes and edges: what is guessed, what is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import graph_data
from graph_data import GraphReadError

Write = Callable[..., Path]
TRIPLES = [("Ann", "knows", "Bob"), ("Bob", "knows", "Cem"), ("Ann", "likes", "Cem")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "Ann\tknows\tBob\nBob\tknows\tCem\nAnn\tlikes\tCem\n"),
        ("a.tsv.gz", "Ann\tknows\tBob\nBob\tknows\tCem\nAnn\tlikes\tCem\n"),
        ("a.csv", "Ann,knows,Bob\nBob,knows,Cem\nAnn,likes,Cem\n"),
        ("a.csv", "Ann;knows;Bob\r\nBob;knows;Cem\r\nAnn;likes;Cem\r\n"),
        ("a.txt", "Ann|knows|Bob\nBob|knows|Cem\nAnn|likes|Cem"),
        ("a.csv", "subject,predicate,object\nAnn,knows,Bob\nBob,knows,Cem\nAnn,likes,Cem\n"),
        ("a.csv", "from,to,label,weight\nAnn,Bob,knows,1\nBob,Cem,knows,1\nAnn,Cem,likes,1\n"),
        ("a.csv", '"target","source","relation"\n"Bob","Ann","knows"\n"Cem","Bob","knows"\n"Cem","Ann","likes"\n'),
        ("a.csv", "person_id_1,person_id_2,relationship\nAnn,Bob,knows\nBob,Cem,knows\nAnn,Cem,likes\n"),
        ("a.txt", "# a comment\nAnn knows Bob\nBob knows Cem\nAnn likes Cem\n"),
    ],
)
def test_one_table_of_triples(write: Write, name: str, text: str) -> None:
    graph = graph_data.load(write(name, text))
    assert list(graph.triples()) == TRIPLES
    assert graph.report.dropped_total == 0


def test_columns_by_option(write: Write) -> None:
    path = write("a.csv", "who,whom,how,when\nAnn,Bob,knows,1999\nBob,Cem,knows,2000\nAnn,Cem,likes,2001\n")
    assert list(graph_data.load(path, head="who", relation="how", tail="whom").triples()) == TRIPLES
    assert list(graph_data.load(path, source=0, relation=2, target=1).triples()) == TRIPLES


def test_parquet(tmp_path: Path) -> None:
    heads, relations, tails = zip(*TRIPLES, strict=True)
    pq.write_table(pa.table({"head": heads, "relation": relations, "tail": tails}), tmp_path / "a.parquet")
    assert list(graph_data.load(tmp_path / "a.parquet").triples()) == TRIPLES


def test_relations_first_as_in_openke(write: Write) -> None:
    rows = [f"r{i}\tp{i % 7}\tp{(i * 3) % 7}" for i in range(20)]
    graph = graph_data.load(write("a.tsv", "\n".join(rows)))
    assert next(graph.triples()) == ("p0", "r0", "p0")
    assert graph.num_nodes == 7


def test_duplicates_are_kept_once(write: Write) -> None:
    graph = graph_data.load(write("a.tsv", "a\tr\tb\na\tr\tb\na\ts\tb\nb\tr\ta\n"))
    assert (graph.num_edges, graph.report.duplicate_edges) == (3, 1)


def test_ragged_rows_are_dropped_with_their_lines(write: Write) -> None:
    graph = graph_data.load(write("a.csv", "head,relation,tail\na,r,b\n\nb,r\nc,r,d\nx,r,y,z,w\n"))
    assert list(graph.triples()) == [("a", "r", "b"), ("c", "r", "d")]
    assert graph.report.dropped == ((4, "2 columns, 3 expected"), (6, "5 columns, 3 expected"))


def test_mostly_ragged_rows_are_refused(write: Write) -> None:
    with pytest.raises(GraphReadError, match="line 2: most rows do not have the same number of columns"):
        graph_data.load(write("a.csv", "a,b\n1,2,3\n4,5,6,7\n1,2,3,4,5\n1\n"))


def test_empty_cells(write: Write) -> None:
    graph = graph_data.load(write("a.csv", "head,relation,tail\na,r,b\n,r,b\nb,r,\nb,,a\n"))
    assert graph.report.dropped == ((3, "head is empty"), (4, "tail is empty"))
    assert list(graph.triples()) == [("a", "r", "b"), ("b", "connected to", "a")]


def test_quotes_in_csv_and_in_tsv(write: Write) -> None:
    csv = graph_data.load(write("a.csv", 'head,relation,tail\n"Smith, ""Jo""",knows,"two\nlines"\nx,knows,\n'))
    assert list(csv.triples()) == [('Smith, "Jo"', "knows", "two lines")]
    assert csv.report.dropped[0][0] == 4
    tsv = graph_data.load(write("a.tsv", '"Wuthering" Heights\tby\tEmily\n6" gun\tby\tKrupp\n"Quoted"\tby\tEmily\n'))
    assert tsv.node_ids.to_pylist() == ['"Wuthering" Heights', "Emily", '6" gun', "Krupp", '"Quoted"']


def test_an_open_quote_does_not_swallow_the_table(write: Write) -> None:
    graph = graph_data.load(write("a.csv", 'head,relation,tail\na,r,"b\nc,r,d\n'))
    assert graph.num_edges == 2
    assert "quotes are not balanced" in str(graph.report)


def test_names_are_folded(write: Write) -> None:
    graph = graph_data.load(write("a.csv", "head,relation,tail\n New  York ,in, USA\nNew York,in,USA\n"))
    assert graph.node_ids.to_pylist() == ["New York", "USA"]


class TestEdgesWithoutRelation:
    def test_are_connected_to(self, write: Write) -> None:
        graph = graph_data.load(write("a.csv", "Source,Target\na,b\nb,c\n"))
        assert graph.relations.to_pylist() == ["connected to"]

    def test_keep_what_differs(self, write: Write) -> None:
        text = "Source,Target,Type,Id,Weight,Since\na,b,Undirected,0,5,1999\nb,c,Undirected,1,7,1999\n"
        graph = graph_data.load(write("a.csv", text))
        assert graph.relations.to_pylist() == ["connected to; Weight: 5", "connected to; Weight: 7"]

    def test_use_a_description(self, write: Write) -> None:
        graph = graph_data.load(write("a.csv", "source,target,description,weight\na,b,a taught b,2\nb,c,b met c,3\n"))
        assert graph.relations.to_pylist() == ["a taught b", "b met c"]

    def test_numbers_only(self, write: Write) -> None:
        graph = graph_data.load(write("a.txt", "1 2 0.5\n2 3 0.7\n1 3 0.5\n"))
        assert (graph.num_nodes, graph.num_edges) == (3, 3)


def test_a_role_is_told_with_the_relation(write: Write) -> None:
    graph = graph_data.load(write("a.csv", "source,target,type,roles,id\na,m,ACTED_IN,Neo,17\nb,m,DIRECTED,,18\n"))
    assert graph.relations.to_pylist() == ["ACTED_IN; roles: Neo", "DIRECTED"]
    assert "edge columns left out: id" in str(graph.report)


class TestNodesAndEdges:
    NODES = "id,name,kind,note\n1,Ann,person,\n2,Bob,person,bakes bread\n3,Ann,cat,\n"

    def test_texts_and_equal_names(self, write: Write) -> None:
        edges = write("e.csv", "source,target,label\n1,2,knows\n3,2,owned by\n")
        graph = graph_data.load(write("n.csv", self.NODES), edges=edges)
        assert graph.node_texts.to_pylist()[1] == "name: Bob; kind: person; note: bakes bread"
        assert list(graph.triples()) == [("Ann", "knows", "Bob"), ("Ann", "owned by", "Bob")]
        assert graph.num_nodes == 3

    def test_unknown_ends_are_added_not_lost(self, write: Write) -> None:
        edges = write("e.csv", "source,target,label\n1,2,knows\n1,99,knows\n")
        graph = graph_data.load(write("n.csv", self.NODES), edges=edges)
        assert graph.node_ids.to_pylist() == ["1", "2", "3", "99"]
        assert "1 nodes named by edges are not in the nodes table" in str(graph.report)
        assert "first at line 3" in str(graph.report)
        assert graph.report.isolated_nodes == 1

    def test_repeated_ids_are_dropped(self, write: Write) -> None:
        edges = write("e.csv", "source,target,label\n1,2,knows\n")
        graph = graph_data.load(write("n.csv", self.NODES + "1,Eve,person,\n"), edges=edges)
        assert graph.report.dropped == ((5, "node id '1' again"),)

    def test_edges_may_go_by_name(self, write: Write) -> None:
        edges = write("e.csv", "source,target,label\nBob,Cem,knows\n")
        graph = graph_data.load(write("n.csv", "id,name\nx7,Bob\nx8,Cem\n"), edges=edges)
        assert list(graph.triples()) == [("Bob", "knows", "Cem")]
        assert graph.num_nodes == 2

    def test_without_headers(self, write: Write) -> None:
        rows = "".join(f"n{i}\tperson\tName {i}\ta longer text about number {i}\n" for i in range(30))
        edges = write("edges.tsv", "".join(f"n{i}\tknows\tn{(i + 1) % 30}\n" for i in range(30)))
        graph = graph_data.load(write("nodes.tsv", rows), edges=edges)
        assert graph.node_text(3) == "name: Name 3; type: person; description: a longer text about number 3"
        assert next(graph.triples()) == ("Name 0", "knows", "Name 1")


def test_a_wide_table_without_header_asks_for_columns(write: Write) -> None:
    rows = "".join(f"{i}\tx{i}\ty{i}\tz{i}\tw{i}\n" for i in range(30))
    with pytest.raises(GraphReadError, match="which are the ends of an edge"):
        graph_data.load(write("a.tsv", rows))


def test_a_header_of_unusual_names(write: Write) -> None:
    graph = graph_data.load(write("a.tsv", "country\tcapital\tlanguage\nSpain\tMadrid\tSpanish\n"
                                           "Peru\tLima\tSpanish\nIran\tTehran\tPersian\n"))  # fmt: skip
    assert ("Spain", "capital", "Madrid") in set(graph.triples())
    toy = graph_data.load(write("b.tsv", "Ann\tknows\tBob\nCem\tlikes\tDora\nEve\thates\tFay\nGil\tmet\tHal\n"))
    assert toy.num_edges == 4
