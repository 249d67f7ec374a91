"""The other formats, each by a small file whose graph can be seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import graph_data
from graph_data import GraphError, TextualGraph
from graph_data.readers.expla_graphs import of_text

Write = Callable[..., Path]
KNOWS = [("Ann", "knows", "Bob")]


class TestXml:
    def test_graphml(self, write: Write) -> None:
        graph = graph_data.load(
            write(
                "a.graphml.gz",
                """<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
                <key id="d0" for="node" attr.name="label"/><key id="d1" for="node" attr.name="x"/>
                <key id="d2" for="node" attr.name="y"/><key id="d3" for="edge" attr.name="relation"/>
                <key id="d4" for="node" attr.name="job"><default>baker</default></key>
                <graph edgedefault="undirected"><node id="n0"><data key="d0">Ann</data><data key="d1">1.5</data>
                <data key="d2">2</data></node><node id="n1"><data key="d0">Bob</data><data key="d4">cook</data></node>
                <edge source="n0" target="n1" directed="true"><data key="d3">knows</data></edge>
                <edge source="n0" target="n9"/></graph></graphml>""",
            )
        )
        assert graph.node_texts.to_pylist() == ["name: Ann; job: baker", "name: Bob; job: cook", "n9"]
        assert list(graph.triples()) == [*KNOWS, ("Ann", "connected to", "n9")]
        assert "only serve drawing" in str(graph.report)
        assert "directed and undirected edges mixed" in str(graph.report)

    def test_gexf_with_mixed_directions(self, write: Write) -> None:
        graph = graph_data.load(
            write(
                "a.gexf",
                """<gexf xmlns="http://gexf.net/1.3"><graph defaultedgetype="directed">
                <attributes class="node"><attribute id="0" title="jobs" type="liststring"/></attributes>
                <nodes><node id="a" label="Ann"><attvalues><attvalue for="0" value="[baker, &quot;cook, chef&quot;]"/>
                </attvalues></node><node id="b" label="Bob"/></nodes>
                <edges><edge source="a" target="b" label="knows" type="undirected" weight="2"/></edges>
                </graph></gexf>""",
            )
        )
        assert list(graph.triples()) == KNOWS
        assert graph.node_text(0) == "name: Ann; jobs: baker, cook, chef"


class TestPlainText:
    def test_gml(self, write: Write) -> None:
        text = 'Creator "x"\ngraph [ directed 1 node [ id 1 label "Ann" ] node [ id 2 label "Bob" born 1970 ]\n'
        text += 'edge [ source 1 target 2 label "knows" ] ]'
        graph = graph_data.load(write("a.gml", text))
        assert list(graph.triples()) == KNOWS
        assert graph.node_text(1) == "name: Bob; born: 1970"

    def test_gml_with_equal_labels(self, write: Write) -> None:
        graph = graph_data.load(write("a.gml", 'graph [ node [ id 1 label "Ann" ] node [ id 2 label "Ann" ] ]'))
        assert graph.num_nodes == 2

    def test_pajek(self, write: Write) -> None:
        text = '*Vertices 3\n1 "Ann" 0.1 0.2 ellipse ic Red\n2 Bob\n3 Cem\n*Arcs :1 "knows"\n1 2 1\n*Arcslist\n2 3 1\n'
        graph = graph_data.load(write("a.net", text))
        assert list(graph.triples()) == [*KNOWS, ("Bob", "connected to", "Cem"), ("Bob", "connected to", "Ann")]

    def test_edge_list_with_dictionaries(self, write: Write) -> None:
        graph = graph_data.load(write("a.edgelist", "Evelyn Jefferson E1 {}\nLaura E1 {'relation': 'went to'}\n"))
        assert list(graph.triples()) == [("Evelyn Jefferson", "connected to", "E1"), ("Laura", "went to", "E1")]

    def test_cypher(self, write: Write) -> None:
        script = """// people
        CREATE CONSTRAINT FOR (p:Person) REQUIRE p.name IS UNIQUE;
        CREATE (a:Person {name: 'Ann O\\'Hara', born: 1964}), (m:Film {title: "Heat"})
        CREATE (a)-[:ACTED_IN {roles: ['Eady', 'herself'], pay: 3}]->(m)<-[:DIRECTED]-(:Person {name: 'Mann'});"""
        graph = graph_data.load(write("a.cypher", script))
        assert graph.node_text(0) == "name: Ann O'Hara; type: Person; born: 1964"
        assert list(graph.triples()) == [
            ("Ann O'Hara", "ACTED_IN; roles: Eady, herself", "Heat"),
            ("Mann", "DIRECTED", "Heat"),
        ]

    def test_explagraphs(self, write: Write) -> None:
        text = "(Cannabis; capable of; Pain)(pain; causes; anger (mild))"
        triples = [("cannabis", "capable of", "pain"), ("pain", "causes", "anger (mild)")]
        assert list(of_text(text).triples()) == triples
        assert list(graph_data.load(write("a.txt", text)).triples()) == triples
        table = write("train.tsv", f"arg1\targ2\tlabel\tgraph\nIt helps.\tIt hurts.\tcounter\t{text}\n")
        assert list(graph_data.load(table).triples()) == triples


ANN, BOB = {"id": "a", "name": "Ann"}, {"id": "b", "name": "Bob"}
EDGE = {"source": "a", "target": "b", "label": "knows"}
JSON_GRAPHS: dict[str, object] = {
    "links": {"nodes": [ANN, BOB], "links": [{"source": "a", "target": "b", "relation": "knows"}]},
    "edges": {"nodes": [ANN, BOB], "edges": [EDGE]},
    "positions": {"nodes": [{"name": "Ann"}, {"name": "Bob"}], "links": [{"source": 0, "target": 1, "type": "knows"}]},
    "adjacency": {"directed": True, "nodes": [ANN, BOB], "adjacency": [[{"id": "b", "label": "knows"}], []]},
    "graphology": {
        "nodes": [{"key": "1", "attributes": {"label": "Ann"}}, {"key": "2", "attributes": {"label": "Bob"}}],
        "edges": [{"key": "1>2", "source": "1", "target": "2", "attributes": {"label": "knows"}}],
    },
    "cytoscape": {"elements": {"nodes": [{"data": ANN}, {"data": BOB}], "edges": [{"data": {"id": "e", **EDGE}}]}},
    "json graph format": {"graph": {"nodes": {"a": {"label": "Ann"}, "b": {"label": "Bob"}}, "edges": [EDGE]}},
    "triples": [["Ann", "knows", "Bob"]],
    "objects": [{"subject": "Ann", "predicate": "knows", "object": "Bob"}],
    "entities": [{"name": "Ann", "knows": ["Bob"]}],
}


class TestJson:
    @pytest.mark.parametrize("kind", JSON_GRAPHS)
    @pytest.mark.parametrize("indent", [None, 1])
    def test_kinds(self, write: Write, kind: str, indent: int | None) -> None:
        assert list(graph_data.load(write("a.json", json.dumps(JSON_GRAPHS[kind], indent=indent))).triples()) == KNOWS

    def test_lines(self, write: Write) -> None:
        graph = graph_data.load(write("a.jsonl", '["Ann", "knows", "Bob"]\n["Bob", "knows"\n["Bob", "knows", "Cem"]\n'))
        assert graph.num_edges == 2
        assert graph.report.dropped[0][0] == 2
        lines = (
            '{"head": "Ann", "relation": "knows", "tail": "Bob"}\n{"head": "Bob", "relation": "knows", "tail": "Cem"}\n'
        )
        assert graph_data.load(write("b.jsonl.gz", lines)).num_edges == 2

    def test_undirected_adjacency_counts_an_edge_once(self, write: Write) -> None:
        content = {"directed": False, "nodes": [{"id": "a"}, {"id": "b"}], "adjacency": [[{"id": "b"}], [{"id": "a"}]]}
        assert graph_data.load(write("a.json", json.dumps(content))).num_edges == 1

    def test_a_file_of_questions_is_no_graph(self, write: Write) -> None:
        with pytest.raises(GraphError, match="a file of questions"):
            graph_data.load(write("q.jsonl", '{"question": "Who?", "answers": ["Ann"]}\n' * 2))

    def test_other_json(self, write: Write) -> None:
        for content in (
            '{"quad_count": 7}',
            "7",
            '"text"',
            '["a", "b"]',
            "[[1]]",
            '{"nodes": 3, "links": []}',
            '{"nodes": [], "links": 3}',
        ):
            with pytest.raises(GraphError):
                graph_data.load(write("a.json", content))


CUP = {"name": "cup", "attributes": ["red", "small"], "x": 1, "y": 2, "w": 3, "h": 4}
SCENES = {
    "1": {
        "width": 500,
        "objects": {"10": {**CUP, "relations": [{"name": "on", "object": "11"}]}, "11": {"name": "table"}},
    },
    "2": {"objects": {"10": {"name": "dog", "relations": []}}},
}


class TestSceneGraphs:
    def test_one_image(self, write: Write) -> None:
        graph = graph_data.load(write("scene.json", json.dumps(SCENES["1"])))
        assert graph.node_texts.to_pylist() == ["name: cup; attribute: red, small", "table"]
        assert list(graph.triples()) == [("cup", "on", "table")]
        assert graph.node_ids.to_pylist() == ["10", "11"]

    def test_many_images(self, write: Write) -> None:
        path = write("scenes.json", json.dumps(SCENES))
        assert graph_data.load(path).node_ids.to_pylist() == ["1:10", "1:11", "2:10"]
        assert graph_data.load(path, image="2").node_texts.to_pylist() == ["dog"]
        with pytest.raises(GraphError, match="no image '9'"):
            graph_data.load(path, image="9")


TURTLE = """@prefix e: <http://e.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
e:a a e:Person ; rdfs:label "Ann"@en, "Anna"@de ; e:knows e:Bob_Smith, [ a e:Person ; e:age 7 ] ;
  e:motto "Bake well"@en, "Gut backen"@de ;
  rdfs:comment "Ann has baked bread in the old town for thirty years, and her mother did so before her." .
e:knows rdfs:label "is a friend of"@en .
"""


class TestRdf:
    def graph(self, write: Write, **options: str) -> TextualGraph:
        return graph_data.load(write("a.ttl", TURTLE), **options)

    def test_names_types_literals(self, write: Write) -> None:
        assert set(self.graph(write).triples()) == {
            ("Ann", "type", "Person"),
            ("Ann", "is a friend of", "Bob Smith"),
            ("Ann", "is a friend of", "Person (unnamed 1)"),
            ("Person (unnamed 1)", "type", "Person"),
            ("Person (unnamed 1)", "age", "7"),
            ("Ann", "motto", "Bake well"),
        }

    def test_long_literals_are_fields(self, write: Write) -> None:
        assert self.graph(write).node_text(0).startswith("name: Ann; comment: Ann has baked bread")

    def test_another_language(self, write: Write) -> None:
        german = self.graph(write, language="de")
        assert ("Anna", "motto", "Gut backen") in set(german.triples())

    def test_ids_do_not_change_from_load_to_load(self, write: Write) -> None:
        assert self.graph(write).node_ids.equals(self.graph(write).node_ids)

    def test_named_graphs_are_merged(self, write: Write) -> None:
        lines = "".join(f"<http://e/a> <http://e/p> <http://e/b> <http://e/g{i}> .\n" for i in (1, 2))
        graph = graph_data.load(write("a.nq", lines))
        assert list(graph.triples()) == [("a", "p", "b")]
        assert graph.report.duplicate_edges == 1

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.nt.gz", "<http://e/a> <http://e/p> <http://e/b> ."),
            ("a.unknown", "<http://e/a> <http://e/p> <http://e/b> .\n"),
            ("a.trig", "@prefix e: <http://e/> . e:g { e:a e:p e:b }"),
            ("a.hext", '["http://e/a", "http://e/p", "http://e/b", "globalId", "", ""]'),
            ("a.jsonld", '{"@id": "http://e/a", "http://e/p": {"@id": "http://e/b"}}'),
            ("a.json", '{"@context": {"p": {"@id": "http://e/p", "@type": "@id"}}, "@id": "http://e/a", "p": "http://e/b"}'),
            ("a.xml", '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><r:Description r:about="http://e/a">'
                      '<e:p r:resource="http://e/b"/></r:Description></r:RDF>'),
            ("a.xml", "<TriX xmlns='http://www.w3.org/2004/03/trix/trix-1/'><graph><triple><uri>http://e/a</uri><uri>http://e/p</uri>"
                      "<uri>http://e/b</uri></triple></graph></TriX>"),
        ],
    )  # fmt: skip
    def test_syntaxes(self, write: Write, name: str, text: str) -> None:
        assert list(graph_data.load(write(name, text)).triples()) == [("a", "p", "b")]

    def test_a_remote_context_is_not_fetched(self, write: Write) -> None:
        with pytest.raises(GraphError):
            graph_data.load(
                write("a.jsonld", '{"@context": "https://schema.org/", "@id": "http://e/a", "name": "Ann"}')
            )
