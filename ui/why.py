"""Why: the settings of retrieval, to be tried on the last question without asking the model, the prompt, and the model.

A slider that is moved redoes the retrieval; the pane and the table show what would be read then. Nothing is kept of it:
the next question is answered with the assistant's own settings. Which model answers, and whether it is bound to the
evidence, holds from the next question on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from graph_data.errors import GraphError
from ui import turn
from ui.answering import Model
from ui.evidence import Payload
from ui.session import Session

NODES, COST, TOKENS = (1, 100), (0.05, 2.0), (40, 480)  # from, to


@dataclass(frozen=True)
class Why:
    """The panel's components."""

    nodes: Any
    cost: Any
    tokens: Any
    told: Any
    prompt: Any
    model: Any
    grounded: Any
    about: Any

    @property
    def sliders(self) -> list[Any]:
        return [self.nodes, self.cost, self.tokens]


def why_panel(models: Sequence[Model]) -> Why:
    """The panel, closed."""
    with gr.Accordion("Why: retrieval, prompt and model", open=False, elem_id="why"):
        with gr.Row():
            nodes = gr.Slider(*NODES, value=24, step=1, label="Nodes with a prize", min_width=140)
            cost = gr.Slider(*COST, value=0.5, step=0.05, label="Cost of an edge", min_width=140)
            tokens = gr.Slider(*TOKENS, value=240, step=20, label="Tokens of evidence", min_width=140)
        told = gr.Textbox("", show_label=False, label="What was found", interactive=False, container=False, max_lines=6)
        prompt = gr.Textbox(
            "", label="What the language model reads", interactive=False, lines=4, max_lines=12, buttons=["copy"]
        )
        with gr.Row(equal_height=True):
            names = [model.label for model in models]
            model = gr.Dropdown(names, value=names[0], label="Model that answers", filterable=False, min_width=180)
            grounded = gr.Checkbox(True, label="Answer from the evidence only", container=False, min_width=180)
        about = gr.Textbox(
            models[0].about, show_label=False, label="What it can do", interactive=False, container=False, lines=2
        )
    return Why(nodes, cost, tokens, told, prompt, model, grounded, about)


def as_answered(session: Session) -> tuple[str, str]:
    """What the last answer was made of: in words, and the prompt; empty while there is none."""
    answer = session.turns[-1].answer if session.turns else None
    return (turn.details(answer), answer.prompt) if answer else ("", "")


def look_again(session: Session | None, nodes: float, cost: float, tokens: float) -> tuple[Payload | None, str, str]:
    """The last question's evidence by these settings: for the pane, in words, and the prompt."""
    last = session.turns[-1] if session and session.turns else None
    if session is None or last is None:
        return None, "Ask a question first.", ""
    before = session.conversation.turns[last.before - 1] if last.before else None
    try:
        found = session.assistant.look(
            last.question,
            before,
            top_k_nodes=int(nodes),
            top_k_edges=2 * int(nodes),
            edge_cost=float(cost),
            token_budget=int(tokens),
        )
    except GraphError as error:
        return None, str(error), ""
    took = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in found.seconds.items())
    left = f", {found.dropped} triples did not fit" if found.dropped else ""
    size = f"{len(found.subgraph.nodes)} nodes, {len(found.subgraph.edges)} triples, {found.tokens} tokens"
    return (
        session.draw(found.subgraph, last.question),
        f"{size}{left} ({took}); not answered anew.",
        found.prompt,
    )
