"""Question files: `.jsonl` or `.jsonl.gz`, one `{"question": ..., "answers": [...]}` a line. Other keys are kept aside.

`answers` may be empty: the graph does not say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from graph_data.errors import GraphReadError
from graph_data.readers.files import read_text, stem_of
from graph_data.text import fold
from graph_data.textual_graph import TextualGraph


@dataclass(frozen=True)
class Question:
    """A question with its gold answers.

    Attributes:
        id: from the file, else its name and the line.
        question: in words.
        answers: every right answer; none means that the graph does not say.
        extra: the line's other keys (hops, topic entities, ...). No topic entity is used unless asked for.
        choices: of which one is the answer; empty where the answer is to be looked for.
        graph: of which it is asked; None where all questions are asked of one.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    choices: tuple[str, ...] = ()
    graph: TextualGraph | None = field(default=None, repr=False, compare=False)


def load_questions(path: str | PathLike[str], limit: int | None = None) -> list[Question]:
    """Read a questions file, all of it or the first `limit` questions.

    Raises: GraphReadError with the line of what is not a question.
    """
    file = read_text(Path(path))
    found: list[Question] = []
    for number, line in enumerate(file.text.split("\n"), 1):
        if limit is not None and len(found) >= limit:
            break
        if line.strip():
            found.append(_question(file.path, number, line))
    if not found and limit != 0:
        raise GraphReadError(path if isinstance(path, str) else Path(path), "there are no questions in the file")
    return found


def _question(path: Path, number: int, line: str) -> Question:
    expected = '{"question": "...", "answers": ["..."]} was expected'
    try:
        item = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise GraphReadError(path, f"not JSON ({str(error).split(':')[0]})", line=number, mend=expected) from None
    if not isinstance(item, dict):
        raise GraphReadError(path, f"a {type(item).__name__}", line=number, mend=expected)
    question = item.get("question")
    if not isinstance(question, str) or not question.strip():
        raise GraphReadError(path, "no question in words", line=number, mend=expected)
    if "answers" not in item:
        raise GraphReadError(path, 'no "answers"', line=number, mend="write [] where the graph does not say")
    answers = item["answers"]
    if not isinstance(answers, list) or not all(isinstance(answer, str | int | float) for answer in answers):
        raise GraphReadError(path, "the answers are not a list of texts", line=number, mend=expected)
    extra = {key: value for key, value in item.items() if key not in ("id", "question", "answers")}
    distinct = tuple(dict.fromkeys(text for answer in answers if (text := fold(str(answer)))))
    return Question(str(item.get("id", f"{stem_of(path)}-{number}")), fold(question), distinct, extra)
