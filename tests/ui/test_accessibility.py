"""axe-core finds no serious violation, in any state of the page, light and dark, wide and narrow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

QUESTION = "What is the capital of the country that borders both France and Portugal?"
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def address(serve: Any, open_hand_made: Any) -> str:
    def opener(source: str | None, tell: Any) -> Any:
        if source is not None and source.endswith("slow.csv"):
            for done in range(100):
                time.sleep(0.1)
                tell(done, 100)
        assistant = open_hand_made(source)
        assistant.pause = 0.0 if source is None else 1.0
        return assistant

    return str(serve(opener))


@pytest.fixture(scope="module")
def axe() -> Any:
    return pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()


def empty(page: Any, folder: Path) -> None:
    page.wait_for_selector("#chat button.example")


def answered(page: Any, folder: Path) -> None:
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".triple-table tr.used")
    page.wait_for_selector("#question .submit-button")


def explained(page: Any, folder: Path) -> None:
    answered(page, folder)
    page.click("#why button.label-wrap")
    page.click("#paste button.label-wrap")
    page.wait_for_selector("#why input[type=range]")
    page.click(".citations button >> nth=0")
    page.wait_for_selector(".details:not([hidden])")
    page.click("[data-do=save]")


def unanswered(page: Any, folder: Path) -> None:
    page.fill("#question textarea", "Who is the president of Mars?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".graph-pane .note:not([hidden])")


def failed(page: Any, folder: Path) -> None:
    broken = folder / "broken.csv"
    broken.write_text("a,b\nc\n")
    page.set_input_files("#files input[type=file]", broken)
    page.wait_for_selector(".notice[data-kind=error]")


def opening(page: Any, folder: Path) -> None:
    slow = folder / "slow.csv"
    slow.write_text("a,b,c\n")
    page.set_input_files("#files input[type=file]", slow)
    page.wait_for_selector(".notice button:not([hidden])")
    page.wait_for_selector(".notice >> text=Indexing")


def answering(page: Any, folder: Path) -> None:
    page.click("#samples input")
    page.get_by_role("option", name="kitchen").click()
    page.wait_for_selector(".graph-header .name >> text=kitchen")
    page.fill("#question textarea", "Who is the president of Mars?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#question .stop-button")
    page.wait_for_selector("#chat >> text=The graph")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize("state", [empty, answered, explained, unanswered, failed, opening, answering])
def test_nothing_serious(
    page: Any, address: str, axe: Any, tmp_path: Path, state: Any, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    page.wait_for_function("document.querySelector('.graph-header .size')?.textContent > ''")
    state(page, tmp_path)
    page.wait_for_timeout(300)  # transitions
    found = axe.run(page, options=OPTIONS).response["violations"]
    told = [
        (one["id"], one["impact"], [(node["html"][:160], node["failureSummary"][:200]) for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert told == [], "\n".join(map(str, told))
