"""What a question names: whole names, and parts of names in what they leave over."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_data.textual_graph import TextualGraph
from graphrag.retrieval.mentions import MentionTable, stem

GRAPH = TextualGraph.from_columns(
    ["n0", "n1", "n2", "n3", "n4", "n5", "n6"],
    [
        "name: cup; attribute: red, small",
        "The_Godfather (film)",
        "São Paulo",
        "Paulo",
        "river",
        "What",
        "name: cup; attribute: blue",
    ],
    [[0], [4]],
    ["beside"],
)
RED, SMALL, BLUE = 7, 8, 9  # literals come after the graph's nodes
TABLE = MentionTable.build(GRAPH)


def mentioned(question: str) -> list[tuple[int, ...]]:
    return [mention.nodes for mention in TABLE.find(question)]


@pytest.mark.parametrize(
    ("question", "nodes"),
    [
        ("Where is São Paulo?", [(2,)]),
        ("where is sao paulo", [(2,)]),  # case and accents
        ("Who made the godfather?", [(1,)]),  # article, underscore and parenthesis
        ("Which rivers are long?", [(4,)]),  # plural
        ("What is beside the cup?", [(5,), (0, 6)]),  # every cup; a node named "What"
        ("Is anything red or BLUE?", [(RED,), (BLUE,)]),  # values inside node texts
        ("Nothing here", []),
    ],
)
def test_mentions_forgive_how_a_name_is_written(question: str, nodes: list[tuple[int, ...]]) -> None:
    assert mentioned(question) == nodes


def test_the_longest_mention_wins() -> None:
    assert mentioned("São Paulo or Paulo?") == [(2,), (3,)]


def test_a_mention_knows_its_characters() -> None:
    (mention,) = TABLE.find("In são paulo?")
    assert "In são paulo?"[mention.start : mention.end] == "são paulo"
    assert mention.exact
    assert not mention.function_words


def test_a_saved_table_finds_the_same(tmp_path: Path) -> None:
    TABLE.save(tmp_path)
    loaded = MentionTable.load(tmp_path)
    for question in ("the cup in Sao Paulo", "red rivers", "the godfather's rivals"):
        assert loaded.find(question) == TABLE.find(question)
        assert loaded.find_partial(question, []) == TABLE.find_partial(question, [])


PEOPLE = MentionTable.build(
    TextualGraph.from_triples(
        [
            ("Captain Hale", "drinks at", "Mermaid Inn"),
            ("Jory Trevanion", "drinks at", "Mermaid Inn"),
            ("Davy Trevanion", "owns", "Reactors take too long to build"),
        ]
    )
)


def partly(question: str) -> list[tuple[str, int, float]]:
    found = PEOPLE.find_partial(question, PEOPLE.find(question))
    return [(question[m.start : m.end], len(m.nodes), round(m.share, 2)) for m in found]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Where does Hale drink?", [("Hale", 1, 0.5)]),
        ("Who drinks at the Mermaid?", [("Mermaid", 1, 0.5)]),
        ("Which Trevanion is rich?", [("Trevanion", 2, 0.5)]),  # both, as one mention
        ("Where does Captain Hale drink?", []),  # named in full
        ("Why would building reactors take so long?", [("building reactors take so long", 1, 0.8)]),  # in another order
        ("Where is the king?", []),
    ],
)
def test_a_good_part_of_a_name_names_it(question: str, found: list[tuple[str, int, float]]) -> None:
    assert partly(question) == found


def test_words_are_compared_without_their_inflection() -> None:
    assert len({stem(word) for word in ("work", "works", "worked", "working")}) == 1
    assert stem("bus") == "bus"


@pytest.mark.parametrize(
    ("misspelled", "name"),
    [
        ("insomina", "Insomnia"),  # changed places
        ("Insomni", "Insomnia"),  # one less
        ("Memmento", "Memento"),  # one more
        ("Momento", "Memento"),  # another one
        ("the dark nights", None),  # two words away
        ("Heart", None),  # too short to tell a slip from another word
        ("Memento", None),  # it is right
    ],
)
def test_a_misspelled_word_is_put_right(misspelled: str, name: str | None) -> None:
    triples = [("Insomnia", "year", "2002"), ("Memento", "year", "2000"), ("The Dark Knight", "year", "2008")]
    table = MentionTable.build(TextualGraph.from_triples([*triples, ("Heat", "year", "1995")]))
    question = f"When was {misspelled} made?"
    words = table.corrected(question)
    if name is None:
        assert words is None
        return
    assert words is not None
    (mention,) = table.find(question, words)
    assert table.find(question) == []
    assert question[mention.start : mention.end] == misspelled
    assert {"Insomnia": 0, "Memento": 2}[name] in mention.nodes


def test_words_are_put_right_from_disk_too(tmp_path: Path) -> None:
    TABLE.save(tmp_path)
    for table in (TABLE, MentionTable.load(tmp_path)):
        assert table.corrected("Is it rivre?") == [("is", 0, 2), ("it", 3, 5), ("river", 6, 11)]
