"""Takes the pictures of the web UI that the README shows: `python docs/images/take_screenshots.py`.

Serves the default sample, asks one question in headless Chromium, and writes chat-light.png, chat-dark.png and
chat-phone.png beside this file. Needs the dev extra and a Chromium.
"""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from ui import app
from ui.library import Library

HERE = Path(__file__).parent
QUESTION = "What is the capital of the country that borders both France and Portugal?"
PICTURES = {"chat-light": (1440, 900, "light"), "chat-dark": (1440, 900, "dark"), "chat-phone": (390, 844, "light")}


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    page = app.build(Library(app.opener()))
    page.launch(server_name="127.0.0.1", server_port=port, quiet=True, prevent_thread_lock=True, **app.LOOKS)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (width, height, scheme) in PICTURES.items():
            take(browser, page.local_url, HERE / f"{name}.png", width, height, scheme)
        browser.close()
    page.close()


def take(browser: Browser, url: str, path: Path, width: int, height: int, scheme: str) -> None:
    window = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    window.set_default_timeout(120_000)
    window.goto(url)
    window.wait_for_function("document.querySelector('.graph-header .name')?.textContent > ''")
    window.fill("#question textarea", QUESTION)
    window.press("#question textarea", "Enter")
    window.wait_for_selector(".triple-table tr.used")
    window.wait_for_timeout(800)  # the drawing settles
    window.screenshot(path=path, full_page=width < 500)
    window.close()
    print(path)


if __name__ == "__main__":
    main()
