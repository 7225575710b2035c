"""Every page in a real browser, over http: what it asks for, shows, and says went wrong."""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml
from playwright.sync_api import Error, Page, sync_playwright

from bookkit import figures

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


# ---------------------------------------------------------------------------- animations

BOOK_CSS = (ROOT / "book/_static/book.css").read_text(encoding="utf-8")
SHOWN = """() => [...document.querySelectorAll(".bk-steps")].map((steps) => [...steps.children]
    .map((step, k) => getComputedStyle(step).visibility === "visible" ? k + 1 : 0).filter(Boolean))
"""


def animation(steps: int = 3):
    pictures = [figures.grid([[k, k]]) for k in range(1, steps + 1)]
    captions = [f"caption {k}" for k in range(1, steps + 1)]
    return figures.frames(pictures, captions, label="Numbers")._repr_html_()


@pytest.fixture
def show(browser):
    """A page with only this on it, its clock standing still; nothing may be asked for or wrong."""

    @contextmanager
    def opened(content: str, clock: bool = True, **device) -> Iterator[Page]:
        trouble = []
        with browser.new_context(**device) as context:
            page = context.new_page()
            page.on("request", lambda r: trouble.append(r.url))
            page.on("console", lambda m: m.type != "error" or trouble.append(m.text))
            page.on("pageerror", lambda error: trouble.append(str(error)))
            if clock:
                page.clock.install(time=0)
                page.clock.pause_at(1)
            style = f"<style>{figures.css()}{BOOK_CSS}</style>"
            body = f'<body class="bd-article">{content}</body>'
            page.set_content(f'<!doctype html><html lang="en">{style}{body}</html>')
            yield page
        assert not trouble, "\n".join(trouble)

    return opened


def bar(page: Page):
    return page.locator(".bk-bar")


def test_an_animation_stands_still_until_a_reader_presses_play(show):
    with show(animation()) as page:
        page.clock.run_for(60_000)
        assert page.evaluate(SHOWN) == [[1]]
        bar(page).get_by_role("button", name="Play").click()
        assert page.evaluate(SHOWN) == [[1]]
        page.clock.run_for(1300)
        assert page.evaluate(SHOWN) == [[2]]
        bar(page).get_by_role("button", name="Pause").click()
        page.clock.run_for(60_000)
        assert page.evaluate(SHOWN) == [[2]]
        bar(page).get_by_role("button", name="Play").click()
        page.clock.run_for(60_000)
        assert page.evaluate(SHOWN) == [[3]]
        bar(page).get_by_role("button", name="Play").click()  # from the end it starts again
        assert page.evaluate(SHOWN) == [[1]]


def test_a_reader_who_wants_less_motion_gets_none_unasked_and_slower_steps(show):
    with show(animation(), reduced_motion="reduce") as page:
        page.clock.run_for(60_000)
        assert page.evaluate(SHOWN) == [[1]]
        bar(page).get_by_role("button", name="Play").click()
        page.clock.run_for(2000)
        assert page.evaluate(SHOWN) == [[1]]
        page.clock.run_for(1000)
        assert page.evaluate(SHOWN) == [[2]]


def test_an_animation_is_worked_by_keys_alone_and_says_where_it_is(show):
    with show(animation(), clock=False) as page:
        status, slider = page.get_by_role("status"), page.get_by_role("slider")
        assert status.inner_text().split("\n")[0].startswith("Step 1 of 3")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel") == "Previous step"
        page.keyboard.press("Enter")  # there is none
        assert page.evaluate(SHOWN) == [[1]]
        for key, step in (("ArrowRight", 2), ("End", 3), ("ArrowRight", 3), ("ArrowLeft", 2),
                          ("Home", 1)):  # fmt: skip
            page.keyboard.press(key)
            assert page.evaluate(SHOWN) == [[step]], key
            assert status.text_content() == f"Step {step} of 3: caption {step}"
            assert slider.get_attribute("aria-valuetext") == status.text_content()
            assert status.get_attribute("aria-live") == "polite"
        for _ in range(2):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel") == "Next step"
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowUp")  # the slider's own keys
        assert page.evaluate(SHOWN) == [[3]]
        assert status.get_attribute("aria-live") == "off"  # the slider says it


def test_only_the_step_that_is_seen_is_read_out(show):
    with show(animation()) as page:
        page.get_by_role("button", name="Next step").click()
        assert page.get_by_role("img").evaluate_all("images => images.map(i => i.ariaLabel)") == [
            "Matrix of 1 × 2, rows 2 2."
        ]
        assert page.get_by_role("group", name="Numbers, 3 steps").count() == 1


def test_without_javascript_every_step_is_there_and_no_button(show):
    with show(animation(), clock=False, java_script_enabled=False) as page:
        assert [page.get_by_text(f"caption {k}").is_visible() for k in (1, 2, 3)] == [True] * 3
        assert page.get_by_role("button").count() == 0


def test_on_paper_every_step_is_there(show):
    with show(animation()) as page:
        page.emulate_media(media="print")
        assert page.evaluate(SHOWN) == [[1, 2, 3]]
        assert not bar(page).is_visible()
        tops = page.locator(".bk-steps > *").evaluate_all(
            "steps => steps.map(s => { const b = s.getBoundingClientRect(); return [b.x, b.y] })"
        )
        assert len(set(map(tuple, tops))) == 3  # none on top of another


def test_two_animations_do_not_touch_each_other(show):
    with show(animation() + animation(2)) as page:
        assert bar(page).count() == 2
        page.get_by_role("button", name="Next step").last.click()
        assert page.evaluate(SHOWN) == [[1], [2]]


def test_a_notebook_that_puts_the_output_into_its_page_runs_it(show):
    # JupyterLab sets the HTML of an element and puts its scripts in again, before or after the
    # element is in the page.
    insert = """([html, early]) => {
        const host = document.createElement("div");
        if (early) document.body.append(host);
        host.innerHTML = html;
        for (const script of host.querySelectorAll("script")) {
            const fresh = document.createElement("script");
            fresh.textContent = script.textContent;
            script.replaceWith(fresh);
        }
        document.body.append(host);
    }"""
    with show("") as page:
        page.evaluate(insert, [animation(), True])
        page.evaluate(insert, [animation(2), False])
        assert bar(page).count() == 2
        page.get_by_role("button", name="Next step").first.click()
        assert page.evaluate(SHOWN) == [[2], [1]]


def test_the_page_below_an_animation_stands_still(show):
    wide = figures.frames(
        [figures.grid([[1]]), figures.grid(np.zeros((4, 4)))], ["short", "long " * 60]
    )
    with show(wide._repr_html_() + "<p id=below>below</p>", viewport=PHONE["viewport"]) as page:
        steps = page.locator(".bk-steps > *").all()
        assert len({(step.bounding_box()["x"], step.bounding_box()["y"]) for step in steps}) == 1
        before = page.locator("#below").bounding_box()
        page.get_by_role("button", name="Next step").click()
        assert page.locator("#below").bounding_box() == before
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_full_convolution_fits_a_phone_with_its_buttons(show):
    content = figures.full_convolution(np.ones((3, 3)), np.ones((3, 3)), 2, 1, cells=[(0, 0)])
    with show(content._repr_html_(), viewport=PHONE["viewport"]) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert all(
            b["width"] >= 24 and b["height"] >= 24
            for b in (button.bounding_box() for button in page.get_by_role("button").all())
        )
        assert bar(page).bounding_box()["y"] < 740  # it stays in view while the figure is


def test_the_books_own_animation_steps_in_the_dark_too(visit):
    dark = LAPTOP | {"color_scheme": "dark"}
    with visit("book/convolution/input-gradient.html", **dark) as page:
        figure = page.locator(".bk-frames").first
        figure.get_by_role("button", name="Next step").click()
        assert figure.get_by_role("status").text_content().startswith("Step 2 of ")
        ground = "e => getComputedStyle(e).backgroundColor"
        assert figure.evaluate(ground) == "rgb(18, 18, 18)"  # the palette's dark paper


def test_on_a_phone_the_buttons_stay_in_view_while_any_of_the_animation_is(visit):
    with visit("book/convolution/input-gradient.html", **PHONE) as page:
        for figure in page.locator(".bk-frames").all():
            figure.evaluate("e => e.scrollIntoView({block: 'start', behavior: 'instant'})")
            buttons = figure.locator(".bk-bar").bounding_box()
            assert buttons["y"] + buttons["height"] <= PHONE["viewport"]["height"] + 1
