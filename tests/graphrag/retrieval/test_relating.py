"""What things have in common, and how they are related."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphrag import GraphRAG

STAFF = """source,relation,target
Ann Lee,works in,Sales
Bob Ray,works in,Sales
Ann Lee,reports to,Dee Kim
Bob Ray,reports to,Ann Lee
Cid Fox,reports to,Dee Kim
Ann Lee,lives in,Lyon
Bob Ray,lives in,Lyon
Dee Kim,lives in,Porto
Ann Lee,speaks,French
Ann Lee,speaks,English
Bob Ray,speaks,French
Dee Kim,speaks,English
"""


@pytest.fixture(scope="module")
def staff(rag_of: Callable[[str], GraphRAG]) -> GraphRAG:
    return rag_of(STAFF)


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("What do Ann Lee and Dee Kim have in common?", {"English"}),
        ("What do Ann and Bob have in common?", {"Sales", "Lyon", "French"}),
        ("What has Cid Fox in common with Ann Lee?", {"Dee Kim"}),
        ("Which languages do Bob Ray and Ann Lee have in common?", {"French"}),
        ("How are Ann Lee and Dee Kim related?", {"reports to"}),
    ],
)
def test_in_common(staff: GraphRAG, question: str, answers: set[str]) -> None:
    answer = staff.ask(question)
    assert set(answer.answers) == answers
    assert answer.citations
    assert answer.grounded
