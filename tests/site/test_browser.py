"""Every page in a real browser, over http: what it asks for, shows, and says went wrong."""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Error, Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
PAGES = [*CHAPTERS, "genindex", "search"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address(site) -> Iterator[str]:
    """Where the site is served."""
    handler = functools.partial(Quiet, directory=site.folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    where = {"executable_path": path} if path else {"channel": "chrome"}
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(args=FLAGS, **where)
        except Error:
            if path or os.environ.get("CI"):
                raise
            pytest.skip(f"no browser here: none of {', '.join(BROWSERS)} is on the path")
        yield launched
        launched.close()


@pytest.fixture
def visit(browser, address):
    """Open a page, wait until it stands still, and hear at the end that nothing went wrong."""

    @contextmanager
    def opened(name: str, **device) -> Iterator[Page]:
        trouble = []
        with browser.new_context(**device) as context:
            page = context.new_page()
            page.on(
                "request", lambda r: r.url.startswith((address, "data:")) or trouble.append(r.url)
            )
            page.on("requestfailed", lambda r: trouble.append(f"{r.url}: {r.failure}"))
            page.on("response", lambda r: r.status < 400 or trouble.append(f"{r.url}: {r.status}"))
            page.on("console", lambda m: m.type != "error" or trouble.append(m.text))
            page.on("pageerror", lambda error: trouble.append(str(error)))
            page.goto(f"{address}{name}", wait_until="load")
            page.evaluate("() => window.MathJax?.startup?.promise")
            page.wait_for_load_state("networkidle")
            yield page
        assert not trouble, "\n".join(trouble)

    return opened


# ---------------------------------------------------------------------------- every page


OVERFLOWING = """() => {
    const scrolls = (e) => e && e !== document.documentElement
        && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
    return [...document.querySelectorAll("main *, footer *")]
        .filter((e) => !e.closest(".visually-hidden, mjx-assistive-mml"))
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e))
        .map((e) => e.outerHTML.slice(0, 200));
}"""

CLIPPED = """() => [...document.querySelectorAll("main .math, main pre, main table, main svg")]
    .filter((e) => getComputedStyle(e).overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1)
    .map((e) => e.outerHTML.slice(0, 200))"""

WRONG_TEX = "mjx-merror, mjx-assistive-mml mtext[mathcolor=red]"  # syntax; an unknown macro

RAW_TEX = r"""() => {
    const article = document.querySelector("article, main").cloneNode(true);
    article.querySelectorAll("pre, code, script, style, mjx-container").forEach((e) => e.remove());
    return article.textContent.match(/\\[([]|\\[a-z]+\{|\$\$|\$\\|\{(eq|doc|ref|cite)\}/g) ?? [];
}"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_only_its_own_host_and_renders_every_formula(visit, name):
    with visit(f"{name}.html", **LAPTOP) as page:
        assert page.locator(WRONG_TEX).count() == 0
        assert page.locator(".math:not(:has(mjx-container))").count() == 0
        assert page.evaluate(RAW_TEX) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(visit, name):
    with visit(f"{name}.html", **PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate(OVERFLOWING) == []
        assert page.evaluate(CLIPPED) == []


# ---------------------------------------------------------------------------- what a reader does


def test_the_front_door_leads_to_the_first_page(browser, address):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}index.html")
        page.wait_for_url(f"{address}{TOC['root']}.html")


def test_following_a_mark_brings_the_check_into_view_and_back(visit):
    with visit("book/foundations/windows.html", **LAPTOP) as page:
        page.locator(".check-mark a").first.click()
        line = page.locator(".checks:target, .checks:has(:target)")
        assert line.count() == 1
        page.wait_for_timeout(300)
        assert 0 <= line.bounding_box()["y"] < 800
        line.locator("a").first.click()
        assert page.locator("div.math:target").count() == 1


def test_the_search_finds_a_word_of_a_chapter(visit):
    with visit("search.html?q=window", **LAPTOP) as page:
        page.locator("ul.search li a").first.wait_for()
        assert page.locator("ul.search li a", has_text="Windows").count() >= 1


def test_a_reader_chooses_the_dark_mode_and_figures_follow(visit):
    with visit("book/foundations/windows.html", **LAPTOP) as page:
        colours = "getComputedStyle(document.documentElement).getPropertyValue('--bk-ink')"
        light = page.evaluate(colours)
        while page.evaluate("document.documentElement.dataset.theme") != "dark":
            page.locator("button.theme-switch-button:visible").first.click()
        assert page.evaluate(colours) != light


def test_a_solution_is_folded_until_it_is_asked_for(visit):
    with visit("book/pooling/max.html", **LAPTOP) as page:
        solution = page.locator(".solution").first
        body = solution.locator("> :not(.admonition-title, button)").first
        assert not body.is_visible()
        solution.locator("button.toggle-button").click()
        body.wait_for(state="visible")
