"""Whatever bytes a file holds, load gives a graph or a GraphError, never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graph_data
from graph_data import GraphError, TextualGraph

SEEDS = {
    "a.csv": b'source,target,label\n"Ann, B.",Bob,knows\nBob,Cem,"likes"\n',
    "films.csv": b"title,director,year\nHeat,Mann,1995\nInsomnia,Nolan,2002\n",
    "a.tsv": b"Ann\tknows\tBob\nBob\tlikes\tCem\n",
    "a.txt": b"Ann knows Bob\nBob likes Cem\n",
    "a.json": b'{"nodes": [{"id": 1, "name": "Ann"}, {"id": 2}], "links": [{"source": 1, "target": 2, "w": [1.5]}]}',
    "b.json": b'{"directed": false, "nodes": [{"id": "a"}], "adjacency": [[{"id": "a", "key": 0}]]}',
    "scene.json": b'{"1": {"objects": {"10": {"name": "cup", "attributes": ["red"], '
    b'"relations": [{"name": "on", "object": "10"}]}}}}',
    "a.jsonl": b'["Ann", "knows", "Bob"]\n["Bob", "likes", "Cem"]\n',
    "a.hext": b'["http://e/a", "http://e/p", "b", "http://www.w3.org/2001/XMLSchema#string", "", ""]\n',
    "a.jsonld": b'{"@id": "http://e/a", "http://e/p": {"@id": "http://e/b"}}',
    "a.graphml": b'<graphml><key id="k" for="node" attr.name="label"/><graph edgedefault="directed"><node id="a">'
    b'<data key="k">Ann</data></node><edge source="a" target="b"/></graph></graphml>',
    "a.gexf": b'<gexf><graph><attributes class="node"><attribute id="0" title="t" type="liststring"/></attributes>'
    b'<nodes><node id="a"><attvalues><attvalue for="0" value="[x, y]"/></attvalues></node></nodes>'
    b'<edges><edge source="a" target="b"/></edges></graph></gexf>',
    "a.gml": b'graph [ node [ id 1 label "A" ] node [ id 2 ] edge [ source 1 target 2 ] ]',
    "a.net": b'*Vertices 2\n1 "Ann" 0.1 0.2\n2 Bob\n*Arcs\n1 2 3\n',
    "a.cypher": b"CREATE (a:Person {name: 'Ann', tags: ['x', date('2020')]})-[:KNOWS {since: 1}]->(b)",
    "a.ttl": b'@prefix e: <http://e/> . e:a e:p e:b, "text"@en, [ e:q 7 ] .',
    "a.nt": b'<http://e/a> <http://e/p> "x"@en .\n<http://e/a> <http://e/p> _:b .\n',
    "a.rdf": b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><r:Description '
    b'r:about="http://e/a"><e:p>text</e:p></r:Description></r:RDF>',
    "a.trix": b"<TriX><graph><triple><uri>http://e/a</uri><uri>http://e/p</uri><id>x</id></triple></graph></TriX>",
}
EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(path: Path, data: bytes, **options: str) -> None:
    path.write_bytes(data)
    try:
        graph = graph_data.load(path, **options)
    except GraphError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert "TypeError" not in str(error)  # noqa: PT017
    else:
        assert isinstance(graph, TextualGraph)
        assert graph.num_nodes == graph.report.nodes > 0


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_are_graphs(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(SEEDS[name])
    assert graph_data.load(tmp_path / name).num_nodes


@pytest.mark.parametrize("name", SEEDS)
def test_cut_off_at_every_byte(tmp_path: Path, name: str) -> None:
    for end in range(len(SEEDS[name])):
        check(tmp_path / name, SEEDS[name][:end])


@pytest.mark.parametrize("name", SEEDS)
@EXAMPLES
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes(tmp_path: Path, name: str, flips: list[tuple[int, int]]) -> None:
    data = bytearray(SEEDS[name])
    for place, byte in flips:
        data[place % len(data)] = byte
    check(tmp_path / name, bytes(data))


@pytest.mark.parametrize("format", sorted(graph_data.load.__globals__["READERS"]))
@EXAMPLES
@given(seed=st.sampled_from(sorted(SEEDS)), noise=st.binary(max_size=20))
def test_the_wrong_reader(tmp_path: Path, format: str, seed: str, noise: bytes) -> None:
    check(tmp_path / "file", SEEDS[seed] + noise, format=format)
