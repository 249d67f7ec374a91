"""The page with the real assistant on the sample that ships: what `make chat` shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph_data import samples
from graph_data.errors import GraphError
from ui import app, turn
from ui.answering import choose, offered
from ui.library import Library

QUESTION = "What is the capital of the country that borders both France and Portugal?"


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(app.opener())


@pytest.fixture(scope="module")
def address(serve: Any, library: Library) -> str:
    return str(serve(library))


def test_the_default_sample_opens_with_its_size_and_questions(library: Library) -> None:
    session = library.begin()
    assert session.name == samples.DEFAULT
    assert session.assistant.graph.num_edges >= 2000
    assert 3 <= len(session.examples) <= 4


def test_a_file_of_ones_own_is_opened_with_questions_made_for_it(library: Library, tmp_path: Path) -> None:
    film = tmp_path / "films.csv"
    film.write_text("head,relation,tail\nInsomnia,directed_by,Christopher Nolan\nInsomnia,starred,Al Pacino\n")
    session = library.begin_with_files([str(film)])
    assert session.name == "films.csv"
    assert session.examples == ["Insomnia directed by what?", "Insomnia starred what?"]
    assert session.report.startswith("films.csv (table of triples (CSV)): 3 nodes, 2 edges, 2 relations")


@pytest.mark.parametrize(
    "text", ["Insomnia,directed by,Christopher Nolan\nHeat,directed by,Michael Mann", "Insomnia\tdirected by\tNolan"]
)
def test_pasted_triples_are_a_graph(library: Library, text: str) -> None:
    session = library.begin_with_text(text)
    assert session.assistant.graph.num_edges == 1 + text.count("\n")
    assert session.examples[0] == "Insomnia directed by what?"


def test_pasted_text_that_is_no_graph_is_told_of(library: Library) -> None:
    with pytest.raises(GraphError, match=r"^pasted triples"):
        library.begin_with_text("{")


def test_several_files_make_one_graph(library: Library, tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    (tmp_path / "edges.csv").write_text("source,relation,target\n1,knows,2\n")
    session = library.begin_with_files([str(tmp_path / "nodes.csv"), str(tmp_path / "edges.csv")])
    assert list(session.assistant.graph.triples()) == [("Ann", "knows", "Bob")]
    assert "/" not in session.report


def test_a_file_without_a_graph_is_named_in_one_sentence(library: Library, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(GraphError, match=r"^empty\.csv: the file is empty"):
        library.begin_with_files([str(tmp_path / "empty.csv")])


def test_triples_are_pasted_and_asked(page: Any, address: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .name')?.textContent === 'countries'")
    page.click("#paste button.label-wrap")
    page.fill("#paste textarea", "Insomnia, directed by, Christopher Nolan\nHeat, directed by, Michael Mann")
    page.click("text=Open these triples")
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent === '4 nodes · 2 edges'")
    page.fill("#question textarea", "Who directed Heat?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chat >> text=% sure")
    assert "Michael Mann" in page.inner_text("#chat")


def test_madrid_with_its_evidence(page: Any, address: str) -> None:
    page.set_default_timeout(90_000)  # the first question loads the models
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .name')?.textContent === 'countries'")
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chat >> text=/% sure|⚠/")
    assert "Madrid" in page.inner_text("#chat")
    used = set(json.loads(page.get_attribute(".graph-pane", "data-used")))
    assert {"Madrid", "Spain", "France", "Portugal"} <= used
    triples = {tuple(triple) for triple in json.loads(page.get_attribute(".triple-table", "data-triples"))}
    assert any({source, target} == {"Spain", "Madrid"} for source, _, target in triples)


# ---- what a visitor brought before


def test_recent_graphs_can_be_opened_again_after_a_restart(library: Library, tmp_path: Path) -> None:
    first = library.begin_with_text("Insomnia,directed by,Christopher Nolan")
    other = library.begin_with_text("Heat,directed by,Michael Mann")
    restarted = Library(app.opener())
    assert [one.name for one in restarted.recent([other.key, "nobody's", first.key])] == ["pasted triples.csv"] * 2
    again = restarted.reopen(first.key)
    assert list(again.assistant.graph.triples()) == [("Insomnia", "directed by", "Christopher Nolan")]
    assert (again.key, again.name, again.report) == (first.key, first.name, first.report)
    assert restarted.resume(first.key) is again
    with pytest.raises(GraphError, match="no longer kept here"):
        restarted.reopen("nobody's")


def test_a_recent_graph_is_chosen_from_the_list(page: Any, address: str) -> None:
    page.set_default_timeout(90_000)
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .name')?.textContent === 'countries'")
    page.click("#paste button.label-wrap")
    page.fill("#paste textarea", "Ran, directed by, Akira Kurosawa")
    page.click("text=Open these triples")
    page.wait_for_function("document.querySelector('.graph-header .name').textContent === 'pasted triples.csv'")
    page.click("#samples input")
    page.get_by_role("option", name="countries").click()
    page.wait_for_function("document.querySelector('.graph-header .name').textContent === 'countries'")
    page.click("#samples input")
    page.get_by_role("option", name="pasted triples.csv").first.click()
    page.wait_for_function("document.querySelector('.graph-header .size').textContent === '2 nodes · 1 edge'")


# ---- another model, answers that are free, neighbours


def test_answers_can_be_free_and_bound_again(library: Library) -> None:
    session = library.begin()
    session.answer_by("default", None, grounded=False)
    *_, _last = turn.take(session, "What is the capital of Spain?")
    free = session.turns[-1].answer
    session.answer_by("default", None, grounded=True)
    *_, _last = turn.take(session, "What is the capital of France?")
    bound = session.turns[-1].answer
    assert free is not None
    assert bound is not None
    assert len(session.conversation.turns) == 2
    assert bound.grounded
    assert bound.answers == ["Paris"]


def test_a_model_that_cannot_be_loaded_is_told_of_and_the_old_one_stays(library: Library, tmp_path: Path) -> None:
    session = library.begin()
    models = offered(str(tmp_path / "nowhere"))
    told = choose(session, models, "nowhere", grounded=True)
    assert "nowhere" in told
    *_, _last = turn.take(session, "What is the capital of Spain?")
    assert session.turns[-1].answer is not None
    assert session.turns[-1].answer.answers == ["Madrid"]


def test_neighbours_come_from_the_graph_itself(library: Library) -> None:
    session = library.begin()
    *_, _last = turn.take(session, "What is the capital of Spain?")
    before = session.drawing
    assert before is not None
    spain = next(node for node in before.evidence.nodes if node.name == "Spain")
    drawn = session.grow(spain.position)
    assert drawn is not None
    added = [edge for edge in drawn["edges"] if edge["role"] == "neighbour"]
    assert 1 <= len(added) <= 12
    assert all("Spain" in (edge["source_name"], edge["target_name"]) for edge in added)
    with pytest.raises(GraphError, match="no node"):
        session.assistant.neighbours(10**9)


# ---- a whole visit


def test_a_whole_visit(page: Any, address: str, tmp_path: Path) -> None:
    """Ask, watch it written, click a node, follow up, move a slider, save, reload, drop a broken and a good file."""
    page.set_default_timeout(90_000)
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .name')?.textContent === 'countries'")
    page.evaluate(
        """() => { window.seen = new Set(); new MutationObserver(() => {
            const said = document.querySelector('#chat .bot'); if (said) window.seen.add(said.innerText);
        }).observe(document.querySelector('#left'), { subtree: true, childList: true, characterData: true }) }"""
    )

    def ask(question: str, said: str) -> None:
        page.fill("#question textarea", question)
        page.press("#question textarea", "Enter")
        page.wait_for_selector(f"#chat .bot >> text=/{said}/")
        page.wait_for_selector("#question .submit-button")

    ask(QUESTION, "Madrid is the capital of Spain")
    assert len(page.evaluate("[...window.seen]")) >= 3  # nothing yet, the name, the sentence
    used = set(json.loads(page.get_attribute(".graph-pane", "data-used")))
    assert {"Madrid", "Spain", "France", "Portugal"} <= used

    box = page.query_selector(".graph-pane .canvas").bounding_box()
    at = page.evaluate(
        "document.querySelector('.graph-pane').cytoscapeCore.nodes('[name = \"Spain\"]').renderedPosition()"
    )
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    page.wait_for_selector(".details:not([hidden])")
    assert page.inner_text(".details strong") == "Spain"
    rows = len(page.query_selector_all(".triple-table tbody tr"))
    page.click(".details .expand")
    page.wait_for_function(f"document.querySelectorAll('.triple-table tbody tr').length > {rows}")

    ask("What is the capital of Norway?", "Oslo is the capital of Norway")
    ask("And of Japan?", "Tokyo is the capital of Japan")
    page.click("#why button.label-wrap")
    page.focus("#why input[type=range] >> nth=0")
    page.keyboard.press("Home")
    page.wait_for_function(
        "[...document.querySelectorAll('#why textarea')].some(box => box.value.includes('not answered anew'))"
    )
    with page.expect_download() as download:
        page.click(".record >> text=JSON")
    saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [turn["answers"] for turn in saved["turns"]] == [["Madrid"], ["Oslo"], ["Tokyo"]]

    page.reload()
    page.wait_for_selector("#chat >> text=Tokyo is the capital of Japan")

    broken = tmp_path / "broken.csv"
    broken.write_text("")
    page.set_input_files("#files input[type=file]", broken)
    page.wait_for_selector(".notice[data-kind=error]")
    assert "broken.csv: the file is empty" in page.inner_text(".notice")
    assert page.inner_text(".graph-header .name") == "countries"
    films = tmp_path / "films.csv"
    films.write_text("head,relation,tail\nInsomnia,directed_by,Christopher Nolan\nHeat,directed_by,Michael Mann\n")
    page.set_input_files("#files input[type=file]", films)
    page.wait_for_selector(".graph-header .name >> text=films.csv")
    ask("Who directed Heat?", "Michael Mann")
    ask("And Insomnia?", "Christopher Nolan")
