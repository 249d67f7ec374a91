"""The page as a visitor uses it, in headless Chromium and through the API: ask, see answer, graph and triples.

The assistant is hand-made here, so that graphs and answers can be hostile; `test_end_to_end.py` walks the same way with
the real one.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from gradio_client import Client

from graph_data.textual_graph import TextualGraph
from graphrag.errors import ConfigError
from graphrag.retrieval.subgraph import Subgraph
from ui import app
from ui.answering import offered
from ui.library import Library

QUESTION = "What is the capital of the country that borders both France and Portugal?"
HOSTILE = [  # the first ten are looked for as they are
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=2</script>",
    "${window.hacked=3}",
    "{{value}}",
    "{{#each value}}x{{/each}}",
    "[click](javascript:window.hacked=4)",
    "![pixel](http://example.com/pixel.png)",
    "http://example.com/page",
    "$$\\href{javascript:window.hacked=5}{x}$$",
    "\u202egnp.exe",
    "a" * 5000,
    "'; window.hacked=6; //",
    "node[role='answer']",
    "/etc/passwd",
    "<svg onload=window.hacked=7>",
    "<iframe srcdoc='<script>parent.hacked=8</script>'></iframe>",
    "<a href=javascript:window.hacked=9>x</a>",
    "<style>* { display: none }</style>",
    "<base href=http://example.com/>",
    "<meta http-equiv=refresh content=0;url=http://example.com>",
    "<link rel=stylesheet href=http://example.com/x.css>",
    "<object data=http://example.com/x></object>",
    "<video src=http://example.com/v><source onerror=window.hacked=10></video>",
    "<details open ontoggle=window.hacked=11>",
    "<math><mtext></table></math><img src=x onerror=window.hacked=12>",
    "<noscript><p title='</noscript><img src=x onerror=window.hacked=13>'>",
    "</textarea><script>window.hacked=14</script>",
    "]]></data><evil/>",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "&#x3c;img src=x onerror=window.hacked=15&#x3e;",
    "`${window.hacked=16}`",
    "#{window.hacked=17} <%= window.hacked=17 %>",
    "[x][1]\n\n[1]: javascript:window.hacked=18",
    "<http://example.com>",
    "# heading\n* list\n> quote\n---",
    "```html\n<script>window.hacked=19</script>\n```",
    "|a|b|\n|-|-|\n|<img src=x onerror=window.hacked=20>|x|",
    "\u2066\u202dabc\u2069\u202c\u200b\ufeff",
    "\x01\x08\x1b[31mred\x1b[0m",
    "🏳️‍🌈👩‍👩‍👧‍👦 e\u0301" + "\u0301" * 200,
    "__proto__",
    "constructor",
    "m" * 1_000_000,
    "../../../../etc/passwd",
    "%3Cscript%3Ewindow.hacked=21%3C/script%3E",
]
FILE_NAMES = [
    "<img src=x onerror=window.hacked=1>.csv",
    "${window.hacked=2}.csv",
    "{{value}}.csv",
    "[a](javascript:window.hacked=3).csv",
    "'; window.hacked=4; ..csv",
    "\u202evsc.exe.csv",
    "a b\tc#?%20&amp;.csv",
    ".hidden.csv",
    "-rf.csv",
    "n" * 240 + ".csv",
]


@pytest.fixture(scope="module")
def address(serve: Any, open_hand_made: Any) -> str:
    return str(serve(open_hand_made))


@pytest.fixture(scope="module")
def hostile_address(serve: Any, hand_made_type: Any) -> str:
    graph = TextualGraph.from_triples([("hub", text, text) for text in HOSTILE])
    return str(serve(lambda source, tell: hand_made_type(graph, lambda question: HOSTILE)))


def ask(page: Any, question: str) -> None:
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent > ''")  # a graph is open
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")


def drawn(page: Any, attribute: str = "data-nodes") -> set[str]:
    return set(json.loads(page.get_attribute(".graph-pane", attribute)))


# ---- the way of a visitor


def test_ask_and_see_the_answer_its_graph_and_its_triples(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent === '6 nodes · 5 edges'")
    ask(page, QUESTION)
    page.wait_for_selector("#chat >> text=Madrid.")
    page.wait_for_selector("#chat >> text=93% sure")
    page.wait_for_function("document.querySelector('.graph-pane').dataset.used !== '[]'")
    assert drawn(page) == {"Spain", "Madrid", "France", "Portugal", "Paris", "Manzanares"}
    assert drawn(page, "data-used") == {"Spain", "Madrid", "France", "Portugal"}
    rows = [row.inner_text().split("\t")[:4] for row in page.query_selector_all(".triple-table tbody tr")]
    assert rows[:3] == [
        ["Spain", "capital", "Madrid", "used"],
        ["Spain", "borders", "France", "used"],
        ["Spain", "borders", "Portugal", "used"],
    ]
    assert {row[3] for row in rows[3:]} == {"read"}


def test_a_row_reached_by_keyboard_shows_its_triple_in_the_graph(page: Any, address: str) -> None:
    page.goto(address)
    ask(page, QUESTION)
    page.wait_for_selector(".triple-table tr.used")
    page.focus(".triple-table tbody button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector(".details:not([hidden])")
    assert page.inner_text(".details strong") == "Spain → capital → Madrid"
    assert "used for the answer" in page.inner_text(".details .facts")
    page.click(".details .close")
    assert page.is_hidden(".details")


def test_a_click_on_a_node_opens_its_details(page: Any, address: str) -> None:
    page.goto(address)
    ask(page, QUESTION)
    page.wait_for_selector(".triple-table tr.used")
    box = page.query_selector(".graph-pane .canvas").bounding_box()
    at = page.evaluate(
        "document.querySelector('.graph-pane').cytoscapeCore.nodes('[name = \"Portugal\"]').renderedPosition()"
    )
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    page.wait_for_selector(".details:not([hidden])")
    assert page.inner_text(".details strong") == "Portugal"
    assert page.inner_text(".details .facts") == "found by the question · score 0.50 · used for the answer"


def test_the_graph_does_not_say(page: Any, address: str) -> None:
    page.goto(address)
    ask(page, "Who is the president of Mars?")
    page.wait_for_selector("#chat >> text=The graph does not say.")
    page.wait_for_selector(".graph-pane .note:not([hidden])")
    assert page.inner_text(".graph-pane .note").startswith("The graph does not say")
    assert drawn(page, "data-used") == set()


def test_an_example_is_asked_by_a_click(page: Any, address: str) -> None:
    page.goto(address)
    page.click("#chat button.example >> nth=0")
    page.wait_for_selector("#chat >> text=% sure")


def test_a_file_that_cannot_be_read_says_why_and_leaves_the_graph(page: Any, address: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\nc\n")
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent > ''")
    page.set_input_files("#files input[type=file]", broken)
    page.wait_for_selector(".notice[data-kind=error]")
    assert page.inner_text(".notice") == "broken.csv, line 2: expected 3 columns, found 1."
    assert "6 nodes" in page.inner_text(".graph-header")


def test_clearing_the_chat_clears_the_evidence(page: Any, address: str) -> None:
    page.goto(address)
    ask(page, QUESTION)
    page.wait_for_selector(".triple-table tr.used")
    page.click("#chat button[aria-label=Clear], #chat button[title=Clear]")
    page.wait_for_function("document.querySelector('.graph-pane').dataset.nodes === '[]'")


def test_a_reply_can_be_stopped(page: Any, serve: Any, open_hand_made: Any) -> None:
    slow = open_hand_made(None)
    slow.pause = 1.0
    page.goto(serve(lambda source, tell: slow))
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent > ''")
    ask(page, "Who is the president of Mars?")
    page.wait_for_selector("#chat >> text=The")
    page.click("#question .stop-button")
    page.wait_for_selector("#question .submit-button")
    page.wait_for_timeout(2500)
    assert "say." not in page.inner_text("#chat")
    assert slow.streams[0].closed  # lets go of the model
    ask(page, QUESTION)
    page.wait_for_selector("#chat >> text=Madrid.")


# ---- a conversation that is changed, kept and judged


def asked_and_answered(page: Any, address: str, question: str = QUESTION) -> None:
    page.goto(address)
    ask(page, question)
    page.wait_for_selector("#chat >> text=93% sure")
    page.wait_for_selector("#question .submit-button")


def until(page: Any, there: Callable[[], bool]) -> None:
    for _ in range(300):
        if there():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come")


def test_a_conversation_survives_a_reload(page: Any, address: str) -> None:
    asked_and_answered(page, address)
    page.reload()
    page.wait_for_selector("#chat >> text=Madrid.")
    page.wait_for_function("document.querySelector('.graph-pane').dataset.used !== '[]'")
    assert QUESTION in page.inner_text("#chat")
    ask(page, "Who is the president of Mars?")
    page.wait_for_selector("#chat >> text=The graph does not say.")
    assert "Madrid." in page.inner_text("#chat")


def test_a_question_is_asked_again_changed_and_taken_back(page: Any, serve: Any, open_hand_made: Any) -> None:
    assistant = open_hand_made(None)
    asked_and_answered(page, serve(lambda source, tell: assistant))
    page.click("#chat button[aria-label=Retry]")
    until(page, lambda: len(assistant.streams) == 2)
    page.wait_for_selector("#chat >> text=93% sure")
    page.wait_for_selector("#question .submit-button")
    assert assistant.rewound == [0]
    page.click("#chat button[aria-label=Edit]")
    page.fill("#chat textarea", "Who is the president of Mars?")
    page.click("#chat button[aria-label=Submit]")
    page.wait_for_selector("#chat >> text=The graph does not say.")
    assert "Portugal" not in page.inner_text("#chat")
    page.wait_for_selector("#question .submit-button")
    page.click("#chat button[aria-label=Undo]")
    page.wait_for_function("document.querySelector('.graph-pane').dataset.nodes === '[]'")
    assert page.input_value("#question textarea") == "Who is the president of Mars?"


def test_an_opinion_is_kept_on_this_machine(
    page: Any, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked_and_answered(page, address)
    page.click("#chat button[aria-label=Feedback]")
    page.click("text=Wrong answer")
    kept = tmp_path / "chat-with-graph" / "feedback.jsonl"
    until(page, kept.is_file)
    line = json.loads(kept.read_text(encoding="utf-8"))
    assert (line["question"], line["answers"], line["opinion"]) == (QUESTION, ["Madrid"], "Wrong answer")


@pytest.mark.parametrize(("button", "file"), [("Markdown", "conversation.md"), ("JSON", "conversation.json")])
def test_a_conversation_is_saved(page: Any, address: str, button: str, file: str) -> None:
    asked_and_answered(page, address)
    page.wait_for_selector(".record:not([hidden])")
    with page.expect_download() as download:
        page.click(f".record >> text={button}")
    assert download.value.suggested_filename == file
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Madrid" in saved
    assert file.endswith(".md") or json.loads(saved)["turns"][0]["question"] == QUESTION


# ---- what the graph pane can do


@pytest.mark.parametrize("kind", ["png", "svg", "graphml", "json"])
def test_the_evidence_is_saved(page: Any, hostile_address: str, kind: str) -> None:
    """Of a hostile graph: what is saved reads back as the texts that went in."""
    asked_and_answered(page, hostile_address, HOSTILE[0])
    page.click("[data-do=save]")
    with page.expect_download() as download:
        page.click(f"[data-save={kind}]")
    saved = Path(download.value.path())
    names = {"hub", *HOSTILE[:10]}
    if kind == "png":
        assert saved.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    elif kind == "json":
        assert names <= {node["name"] for node in json.loads(saved.read_text(encoding="utf-8"))["nodes"]}
    elif kind == "graphml":
        import networkx as nx

        assert names <= {data["name"] for _, data in nx.read_graphml(saved).nodes(data=True)}
    else:
        texts = {text.text for text in ElementTree.parse(saved).iter("{http://www.w3.org/2000/svg}text")}
        assert {name for name in names if len(name) <= 32} <= texts
    assert page.evaluate("window.hacked") is None


def test_a_slider_redoes_the_retrieval_without_the_model(page: Any, serve: Any, open_hand_made: Any) -> None:
    assistant = open_hand_made(None)
    asked_and_answered(page, serve(lambda source, tell: assistant))
    page.click("#why button.label-wrap")
    page.focus("#why input[type=range] >> nth=0")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "[...document.querySelectorAll('#why textarea')].some(box => box.value.includes('not answered anew'))"
    )
    told, prompt, _ = (box.input_value() for box in page.query_selector_all("#why textarea"))
    assert (
        told
        == "6 nodes, 5 triples, 12 tokens, 3 triples did not fit (embed 0.01 s, retrieve 0.02 s); not answered anew."
    )
    assert prompt == f"[CLS] {QUESTION}"
    wanted = {"top_k_nodes": 25, "top_k_edges": 50, "edge_cost": 0.5, "token_budget": 240}
    until(page, lambda: assistant.looks[-1] == wanted)  # a busy page may let go of the slider before it tells its value
    assert len(assistant.streams) == 1
    assert drawn(page, "data-used") == set()


def test_a_node_is_found_and_asked_about(page: Any, address: str) -> None:
    asked_and_answered(page, address)
    page.fill(".graph-pane .find", "portu")
    page.press(".graph-pane .find", "Enter")
    assert page.inner_text(".details strong") == "Portugal"
    page.click(".details .ask")
    assert page.input_value("#question textarea") == "What does the graph say about Portugal?"


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_the_page_is_never_wider_than_the_window(page: Any, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 850})
    page.goto(address)
    ask(page, QUESTION)
    page.wait_for_selector(".triple-table tr.used")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_citation_lights_its_triple_and_selects_it(page: Any, address: str) -> None:
    asked_and_answered(page, address)
    cited = [button.inner_text() for button in page.query_selector_all(".citations button")]
    assert cited == ["Spain → capital → Madrid", "Spain → borders → France", "Spain → borders → Portugal"]
    lit = "document.querySelector('.graph-pane').cytoscapeCore.edges('.near').map(edge => edge.data('relation'))"
    page.hover(".citations button >> nth=0")
    assert page.evaluate(lit) == ["capital"]
    assert page.inner_text(".triple-table tr.near").split("\t")[:3] == ["Spain", "capital", "Madrid"]
    page.hover(".graph-header")
    assert page.evaluate(lit) == []
    page.click(".citations button >> nth=1")
    assert page.inner_text(".details strong") == "Spain → borders → France"
    assert page.inner_text(".triple-table tr.chosen").split("\t")[:3] == ["Spain", "borders", "France"]


def test_the_evidence_of_an_earlier_answer_comes_back(page: Any, address: str) -> None:
    asked_and_answered(page, address)
    ask(page, "Who is the president of Mars?")
    page.wait_for_selector(".graph-pane .note:not([hidden])")
    page.wait_for_selector("#question .submit-button")
    page.click("#chat >> text=Madrid.")
    page.wait_for_function("document.querySelector('.graph-pane').dataset.used !== '[]'")
    assert drawn(page, "data-used") == {"Spain", "Madrid", "France", "Portugal"}


def test_neighbours_are_added_to_what_is_drawn(page: Any, serve: Any, hand_made_type: Any) -> None:
    """Of a hub, some at a time, and none that is there already."""
    triples = [("hub", f"relation {i % 3}", f"leaf {i}") for i in range(30)]

    class Narrow(hand_made_type):  # type: ignore[misc]
        def stream(self, question: str) -> Any:
            stream = super().stream(question)
            kept = Subgraph(stream.answer.subgraph.nodes[:2], stream.answer.subgraph.edges[:1])
            stream.subgraph, stream.answer = kept, replace(stream.answer, subgraph=kept)
            return stream

    assistant = Narrow(TextualGraph.from_triples(triples), lambda question: ["leaf 0"])
    asked_and_answered(page, serve(lambda source, tell: assistant))
    assert drawn(page) == {"hub", "leaf 0"}
    for edges in (13, 25, 30, 30):
        page.fill(".graph-pane .find", "hub")
        page.press(".graph-pane .find", "Enter")
        page.click(".details .expand")
        page.wait_for_function(f"document.querySelectorAll('.triple-table tbody tr').length === {edges}")
    parts = [cell.inner_text() for cell in page.query_selector_all(".triple-table .part")]
    assert parts.count("added") == 29
    assert "of 1 read" in page.inner_text(".triple-table .count")


def test_the_model_and_how_it_answers_are_chosen(page: Any, serve: Any, open_hand_made: Any) -> None:
    assistant = open_hand_made(None)
    models = offered("models/tiny", "out/adapter")
    asked_and_answered(page, serve(lambda source, tell: assistant, models))
    page.click("#why button.label-wrap")
    page.uncheck("#why input[type=checkbox]")
    told = "[...document.querySelectorAll('#why textarea')].some(box => box.value.includes('may say what'))"
    page.wait_for_function(told)
    assert assistant.altered_to == [("models/tiny", "out/adapter", False)]
    page.get_by_label("Model that answers").click()
    page.get_by_role("option", name="Built in").click()
    until(page, lambda: len(assistant.altered_to) == 2)
    assert assistant.altered_to[1] == ("default", None, False)
    assert [model.label for model in models] == ["tiny + adapter", "tiny", "Built in"]


# ---- opening takes its time


class SlowOpening:
    """Opens after so many texts, each of which takes a while."""

    def __init__(self, opened: Callable[..., Any], texts: int = 200) -> None:
        self.opened, self.texts, self.told = opened, texts, 0

    def __call__(self, source: str | None, tell: Callable[[int, int], None]) -> Any:
        if source is not None and source.endswith(".csv"):
            for done in range(1, self.texts + 1):
                time.sleep(0.05)
                self.told = done
                tell(done, self.texts)
        return self.opened(None)


def test_indexing_tells_how_far_it_is_and_can_be_cancelled(page: Any, serve: Any, open_hand_made: Any) -> None:
    opening = SlowOpening(open_hand_made)
    page.goto(serve(opening))
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent > ''")
    page.click("#paste button.label-wrap")
    page.fill("#paste textarea", "a,b,c")
    page.click("text=Open these triples")
    page.wait_for_function("/Indexing: .* of 200 texts/.test(document.querySelector('.notice').textContent)")
    page.click(".notice button")
    page.wait_for_selector(".notice >> text=Cancelled")
    page.wait_for_timeout(500)
    told = opening.told
    page.wait_for_timeout(500)
    assert told == opening.told < 200  # the work has stopped
    assert page.inner_text(".graph-header .name") == "countries"
    ask(page, QUESTION)
    page.wait_for_selector("#chat >> text=93% sure")


# ---- hostile graphs


def test_hostile_texts_execute_nothing_and_are_shown_as_text(page: Any, hostile_address: str) -> None:
    page.goto(hostile_address)
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent > ''")
    page.wait_for_selector("#chat button.example")
    assert page.evaluate("document.querySelectorAll('#chat .example img').length") == 0
    ask(page, HOSTILE[0])
    page.wait_for_selector("#chat >> text=93% sure")
    page.wait_for_selector(".triple-table tbody tr")
    page.click(".triple-table tbody button >> nth=0")
    page.wait_for_selector(".details:not([hidden])")
    page.wait_for_timeout(500)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('#chat img, #chat a, .triple-table img, .details img').length") == 0
    cells = page.evaluate(
        "[...document.querySelectorAll('.triple-table td:nth-child(3)')].map(cell => cell.textContent)"
    )
    assert set(HOSTILE[:10]) <= set(cells)
    said = page.inner_text("#chat").replace("\u2060", "")
    assert all(text in said for text in HOSTILE[:9])


@pytest.mark.parametrize("name", FILE_NAMES)
def test_hostile_file_names_execute_nothing_and_are_shown_as_text(
    page: Any, serve: Any, open_hand_made: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("a,b,c\n")
    """Of the graph that the page starts with, and of one that is dropped on it (Gradio cleans that one's name)."""
    page.goto(serve(Library(lambda source, tell: open_hand_made(None), name)))
    page.wait_for_selector(".graph-header .size >> text=6 nodes")
    assert page.evaluate("document.querySelector('.graph-header .name').textContent")[:100] == name[:100]
    page.set_input_files("#files input[type=file]", tmp_path / name)
    page.wait_for_selector(".notice[data-kind=done]")
    ask(page, QUESTION)
    page.wait_for_selector("#chat >> text=93% sure")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('.graph-header img, .notice img, #chat img').length") == 0


# ---- the API and the address


def test_the_api_streams_and_ends_with_everything(address: str) -> None:
    client = Client(address, verbose=False)
    job = client.submit("Who is the president of Mars?", api_name="/ask")
    *_, last, record, told, prompt = job.result(timeout=60)
    frames = job.outputs()
    replies = [frame[1][-1]["content"][0]["text"] for frame in frames]
    assert "The graph " in [reply + " " for reply in replies] or len(frames) >= 3
    assert len(last["nodes"]) == 6
    assert last["abstained"]
    assert "does not say" in record["markdown"]
    assert told.startswith("Evidence: 6 nodes, 5 triples.")
    assert prompt == "[CLS] Who is the president of Mars?"


def test_visitors_do_not_see_each_other(address: str) -> None:
    one, two = Client(address, verbose=False), Client(address, verbose=False)
    one.predict(QUESTION, api_name="/ask")
    chat = two.predict("Who is the president of Mars?", api_name="/ask")[1]
    assert "France" not in json.dumps(chat)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_another_host_demands_a_password(host: str) -> None:
    with pytest.raises(ConfigError, match="--auth"):
        app.check_address(host, None)
    assert app.check_address(host, "ada:love:lace") == ("ada", "love:lace")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_loopback_needs_none(host: str) -> None:
    assert app.check_address(host, None) is None


def test_a_port_in_use_is_told_before_anything_loads() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}.*--port"):
            app.launch(port=port)


@pytest.mark.parametrize("auth", ["", "ada", ":secret", "ada:"])
def test_half_a_password_is_refused(auth: str) -> None:
    with pytest.raises(ConfigError, match="user:password"):
        app.check_address("127.0.0.1", auth)
