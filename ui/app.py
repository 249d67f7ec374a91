"""The page: chat at the left, evidence at the right. `launch(source)` serves it, `build(...)` makes it for a test.

Layout and serving live here; what happens on a click is `ui.wiring`, what a visitor has is `ui.session`, what the
evidence looks like is `ui.graph_pane` and `ui.triple_table`.
"""

from __future__ import annotations

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: it looks up its version online

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from graphrag.embedding import Progress
from graphrag.errors import ConfigError
from ui.answering import DEFAULT, Model, offered
from ui.citations import citations
from ui.graph_header import graph_header
from ui.graph_pane import graph_pane
from ui.library import Library
from ui.notice import notice
from ui.pane import HERE
from ui.record import record_bar
from ui.session import Assistant, Opener
from ui.triple_table import triple_table
from ui.why import why_panel
from ui.wiring import Parts, connect

TITLE = "Chat with a graph"
QUESTIONS_A_MINUTE = 120  # of one address
MAX_UPLOAD = "500mb"
STORAGE = "what a browser keeps is no secret to it"  # the same at every start, so that a reload finds it
OPINIONS = ("Like", "Dislike", "Wrong answer", "Something is missing", "The evidence does not fit", "It does say")
FONT = ["system-ui", "sans-serif"]  # the machine's own: no font is fetched


def launch(
    graph_source: str | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    llm: str = "default",
    adapter: str | None = None,
    auth: str | None = None,
    questions_a_minute: int = QUESTIONS_A_MINUTE,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Open a graph and serve the page until interrupted; prints the address.

    Args:
        graph_source: a file, a folder, an index folder or a sample's name; None is the default sample.
        host: address to listen on; any other than loopback demands `auth`.
        port: TCP port.
        llm: the language model, as `GraphRAG.open` takes it.
        adapter: folder of an adapter, or None for the model's own.
        auth: "user:password" that visitors must enter.
        questions_a_minute: answered to one address; 0 sets no limit.
        ready: told the address once it is served, instead of printing it.

    Raises:
        ConfigError: the address may not or cannot be listened on.
        GraphError: the graph or a model cannot be opened.
    """
    credentials = check_address(host, auth)
    check_port(host, port)  # before the models load
    library = Library(opener(llm, adapter), graph_source)
    library.begin()
    page = build(library, offered(llm, adapter), questions_a_minute)
    page.launch(server_name=host, server_port=port, auth=credentials, quiet=True, prevent_thread_lock=True, **LOOKS)
    (ready or _print_address)(page.local_url)
    page.block_thread()


def _print_address(url: str) -> None:
    print(f"{TITLE}: {url}  (Ctrl+C stops it)", flush=True)


def opener(llm: str = DEFAULT, adapter: str | None = None) -> Opener:
    """Opens a graph with its models loaded: what cannot be loaded is told at once, and the first answer is quick."""
    from graphrag import GraphRAG  # here, so that a wrong option is told before anything heavy is imported

    def open_graph(source: str | None, progress: Progress | None = None) -> Assistant:
        assistant = GraphRAG.open(source, llm=llm, adapter=adapter, progress=progress)
        assistant.model  # noqa: B018  # a cached property: loads
        assistant.retriever  # noqa: B018
        return assistant

    return open_graph


def check_address(host: str, auth: str | None) -> tuple[str, str] | None:
    """The credentials as (user, password), or None.

    Raises:
        ConfigError: `auth` is not "user:password", or is absent though other machines can reach `host`.
    """
    user, _, password = (auth or "").partition(":")
    if auth is not None and not (user and password):
        raise ConfigError('--auth must be "user:password", both not empty.')
    if auth is None and not _is_loopback(host):
        raise ConfigError(f'other machines can reach {host}: give --auth "user:password", or listen on 127.0.0.1.')
    return (user, password) if auth else None


def check_port(host: str, port: int) -> None:
    """Raises: ConfigError, if the port cannot be listened on."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot listen on {host}:{port} ({error}); choose another --host or --port.") from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _theme() -> Any:
    base = gr.themes.Base(primary_hue="teal", neutral_hue="slate", font=FONT, font_mono=["ui-monospace", "monospace"])
    readable = {  # Gradio's own greys are too pale for small text
        "body_text_color_subdued": "*neutral_600",
        "body_text_color_subdued_dark": "*neutral_300",
        "block_info_text_color": "*neutral_600",
        "block_info_text_color_dark": "*neutral_300",
        "input_placeholder_color": "*neutral_600",
        "input_placeholder_color_dark": "*neutral_300",
    }
    return base.set(
        **readable, block_radius="14px", input_radius="12px", container_radius="14px", button_large_radius="12px"
    )


LOOKS: dict[str, Any] = {  # how the page is served: also for tests
    "theme": _theme(),
    "css_paths": [HERE / "style.css"],
    "footer_links": [],
    "share": False,
    "max_file_size": MAX_UPLOAD,
    "enable_monitoring": False,
    "show_error": False,
    "ssr_mode": False,
    "pwa": False,
    "mcp_server": False,
}


def build(
    rag_or_library: Assistant | Opener | Library,
    models: Sequence[Model] = (Model(DEFAULT),),
    questions_a_minute: int = QUESTIONS_A_MINUTE,
) -> gr.Blocks:
    """The page as Gradio blocks; serve it with `.launch(**LOOKS)`.

    Args:
        rag_or_library: an opened assistant, a function that opens one, or a library of them.
        models: that visitors may choose from; the first one answers until they do.
        questions_a_minute: answered to one address; 0 sets no limit.
    """
    library = _library(rag_or_library)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 6 * 3600)) as page:
        session = gr.State(None)
        keys = gr.BrowserState(None, storage_key="chat-with-graph", secret=STORAGE)
        with gr.Row(elem_id="top", equal_height=True):
            header = graph_header(elem_id="header", scale=3)
            chooser = _chooser(library)
            files = _drop_area()
        with gr.Accordion("Or paste triples", open=False, elem_id="paste"):
            pasted = gr.Textbox(
                show_label=False,
                label="Triples",
                lines=5,
                max_lines=12,
                container=False,
                placeholder="Insomnia, directed by, Christopher Nolan",
                info="A line each: from, relation, to",
            )
            paste = gr.Button("Open these triples", size="sm")
        message = notice(elem_id="notice")
        with gr.Row(elem_id="main"):
            with gr.Column(scale=5, min_width=320, elem_id="left"):
                chatbot = _chatbot()
                cited = citations(elem_id="citations")
                question = _question_box()
                record = record_bar(elem_id="record")
            with gr.Column(scale=6, min_width=320, elem_id="right"):
                graph = graph_pane(elem_id="graph")
                table = triple_table(elem_id="triples")
                why = why_panel(models)
        parts = Parts(
            session,
            keys,
            header,
            message,
            chooser,
            files,
            pasted,
            paste,
            chatbot,
            question,
            graph,
            table,
            cited,
            record,
            why,
        )
        connect(page, library, parts, models, questions_a_minute)
    return page.queue(max_size=100)


def _chooser(library: Library) -> Any:
    return gr.Dropdown(
        choices=library.samples(),
        value=None,
        label="Samples and recent graphs",
        show_label=False,
        container=False,
        elem_id="samples",
        min_width=180,
    )


def _drop_area() -> Any:
    return gr.File(
        label="Your own graph", show_label=False, file_count="multiple", height=44, elem_id="files", min_width=200
    )


def _question_box() -> Any:
    return gr.Textbox(
        placeholder="Ask the graph",
        show_label=False,
        label="Question",
        submit_btn=True,
        autofocus=True,
        elem_id="question",
        max_lines=6,
        container=False,
    )


def _chatbot() -> Any:
    return gr.Chatbot(
        render_markdown=False,  # what a graph says is text, whatever it looks like
        latex_delimiters=[],
        allow_tags=False,
        allow_file_downloads=False,
        buttons=["copy"],
        editable="user",
        feedback_options=OPINIONS,
        layout="bubble",
        height="100%",
        show_label=False,
        label="Conversation",
        elem_id="chat",
        placeholder="Ask a question. The answer comes from the graph, and the graph shows where.",
    )


def _library(given: Assistant | Opener | Library) -> Library:
    if isinstance(given, Library):
        return given
    if callable(given):
        return Library(given)
    from graphrag import GraphRAG

    return Library(lambda source, tell: given if source is None else GraphRAG.open(source, progress=tell))
