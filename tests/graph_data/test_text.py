"""The written form of nodes, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_data.text import describe, fields_of, is_opaque, name_of, readable_relation, values_of

words = st.text(st.characters(whitelist_categories=("L", "N", "P", "Z")), max_size=60)
keys = st.text(st.characters(whitelist_categories=("L",)), min_size=1, max_size=20).filter(lambda key: key != "name")


def test_a_name_alone_is_the_text() -> None:
    assert describe("Madrid") == "Madrid"
    assert fields_of("Madrid") == {"name": "Madrid"}


def test_fields_follow_the_name() -> None:
    text = describe("cup", {"attribute": "red, small", "empty": " ", "description": "a mug\nwithout a handle"})
    assert text == "name: cup; attribute: red, small; description: a mug without a handle"
    assert fields_of(text)["attribute"] == "red, small"
    assert values_of("red, small") == ["red", "small"]


def test_a_value_cannot_forge_a_field() -> None:
    text = describe("cup", {"description": "see; name: saucer", "k:e;y": "v"})
    assert name_of(text) == "cup"
    assert set(fields_of(text)) == {"name", "description", "k e y"}


def test_a_name_that_looks_like_a_field_is_read_back() -> None:
    assert name_of(describe("name: what is in one")) == "name: what is in one"


@given(words.filter(lambda name: name.strip() and "; " not in name), st.dictionaries(keys, words, max_size=4))
def test_the_name_and_the_keys_come_back(name: str, fields: dict[str, str]) -> None:
    text = describe(name, fields)
    assert name_of(text) == " ".join(name.split())
    assert set(fields_of(text)) == {"name", *(key for key, value in fields.items() if value.split())}


@pytest.mark.parametrize(
    ("relation", "spoken"),
    [
        ("film.film.directed_by", "film directed by"),
        ("hasAuthor", "has author"),
        ("http://xmlns.com/foaf/0.1/knows", "knows"),
        ("ACTED_IN", "acted in"),
    ],
)
def test_relations_as_words(relation: str, spoken: str) -> None:
    assert readable_relation(relation) == spoken


@pytest.mark.parametrize(
    ("name", "opaque"),
    [
        ("m.0f8l9c", True),
        ("g.125_hzb47", True),
        ("_:b0", True),
        ("M.C. Escher", False),
        ("m. night", False),
        ("Q42", False),
    ],
)
def test_a_key_without_a_label_is_opaque(name: str, opaque: bool) -> None:
    assert is_opaque(name) is opaque
