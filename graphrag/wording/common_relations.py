"""Common relations: idiomatic sayings of relations that many graphs share, read from `common_relations.txt`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from graphrag.wording.relation_forms import Sayings, by_form
from graphrag.wording.templates import Wording


@cache
def common_sayings() -> dict[str, Sayings]:
    """Sayings of common relations by name.

    Raises:
        ValueError: a block of the file cannot be read.
    """
    text = (Path(__file__).parent / "common_relations.txt").read_text(encoding="utf-8")
    found: dict[str, Sayings] = {}
    names = ""
    said: dict[str, str] = {}
    for line in [*text.splitlines(), "end of file"]:
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" "):
            mark, _, rest = line.strip().partition(" ")
            said[mark] = rest.strip()
            continue
        for key, sayings in _block(names, said):
            found.setdefault(key, sayings)
        names, said = line, {}
    return found


def _block(names: str, said: dict[str, str]) -> list[tuple[str, Sayings]]:
    if not names:
        return []
    unknown = set(said) - {">q", ">np", ">vp", ">noun", "<q", "<np", "<vp", "<noun", "?", "!"}
    if unknown:
        raise ValueError(f"common_relations.txt: {names!r} has unknown marks {sorted(unknown)}.")
    plain = [name.strip() for name in re.split(r"[,;]", names)]
    ahead = next(name for name in plain if not name.startswith("~"))
    own = any("{r}" in saying for saying in said.values())
    forward, backward = _common(said, ">", ahead), _common(said, "<", ahead)
    made = Sayings(forward, backward, _split(said.get("?", "")), "!" in said, "" if own else ahead)
    turned = made.turned()
    return [(name.lstrip("~").strip(), turned if name.startswith("~") else made) for name in plain]


def _common(said: dict[str, str], way: str, name: str) -> Wording:
    phrases, predicates, questions = (
        _split(said.get(f"{way}{part}", "").replace("{y}", "{x}")) for part in ("np", "vp", "q")
    )
    noun = said.get(f"{way}noun", "thing/things")
    if not phrases and not questions:
        fitted = by_form(name, "")
        return fitted.forward if way == ">" else fitted.backward
    if not phrases:
        phrases = (f"the one[s] whose {name} is {{x}}",) if way == "<" else (f"the {name} of {{x}}",)
    nouns = tuple(f"[{part.strip()}]" for part in noun.rstrip("*").split(","))
    return Wording(nouns, noun.endswith("*"), phrases, predicates, questions)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())
