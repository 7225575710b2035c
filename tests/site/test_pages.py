"""The built pages as files: complete, linked, and asking nothing of another host."""

import posixpath
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from bookkit import equations

ROOT = Path(__file__).parent.parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
EQUATIONS = equations.read(ROOT / "book", ROOT / "src/convpool")


def test_the_site_builds_without_a_warning(site):
    assert not site.complaint, site.complaint


def test_the_table_of_contents_lists_every_page_there_is():
    sources = [p for p in (ROOT / "book").rglob("*") if p.suffix in (".md", ".ipynb")]
    names = [p.relative_to(ROOT).with_suffix("").as_posix() for p in sources]
    assert sorted(n for n in names if ".ipynb_checkpoints" not in n) == sorted(CHAPTERS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_page_of_the_table_of_contents_exists(site, chapter):
    page = site.page(chapter)
    assert page.article.h1
    assert page.title.text.strip()


# ---------------------------------------------------------------------------- equations


def displayed(site) -> dict[str, list]:
    """Every labelled equation of every page, by page."""
    return {name: site.page(name).select("div.math[id^=equation-]") for name in CHAPTERS}


def test_the_site_and_the_reader_of_equations_see_the_same_labels(site):
    on_site = [
        e["id"].removeprefix("equation-") for found in displayed(site).values() for e in found
    ]
    assert Counter(on_site) == Counter(e.label for e in EQUATIONS.equations)


def test_equation_numbers_are_chapter_and_count(site):
    for page, found in displayed(site).items():
        chapter = site.page(page).article.h1.select_one(".section-number")
        prefix = chapter.text.strip() if chapter else ""  # "6.", or none on the first page
        numbers = [e.select_one(".eqno").text.strip("#") for e in found]
        assert numbers == [f"({prefix}{count})" for count in range(1, len(found) + 1)]


@pytest.mark.parametrize("equation", EQUATIONS.equations, ids=lambda e: e.label)
def test_every_equation_has_a_mark_that_leads_to_its_check_and_back(site, equation):
    row = site.page(equation.page).find(id=f"equation-{equation.label}").parent
    mark = row.select_one(".check-mark a")
    assert mark, "no mark"
    assert "checked by a cell" in mark.text
    assert mark["title"]
    name, anchor = resolved(equation.page, mark["href"])
    line = site.page(name).find(id=anchor)
    line = line.find_parent("p") or line
    first, *_ = line.parent.select_one(".cell_input").text.strip().splitlines()
    assert equation.label in equations.checked_labels(first)
    back = [resolved(name, link["href"]) for link in line.select("a")]
    assert (equation.page, f"equation-{equation.label}") in back


def test_shown_source_links_equations_by_number(site):
    headings = [
        heading
        for chapter in CHAPTERS
        for heading in site.page(chapter).select(".cell_output > p:has(+ .highlight-python)")
    ]
    links = [link for heading in headings for link in heading.select("a")]
    assert links
    for link in links:
        assert re.fullmatch(r"\((\d+\.)?\d+\)", link.text), link
        assert "#equation-eq-" in link["href"]


# ---------------------------------------------------------------------------- links and files


def resolved(page: str, href: str) -> tuple[str, str]:
    """The page (without .html) or file that a relative link leads to, and its anchor."""
    path, anchor = urlsplit(href).path, unquote(urlsplit(href).fragment)
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(path)))
    return (target.removesuffix(".html") if path else page), anchor


def test_every_link_inside_the_site_leads_somewhere(site):
    anchors = {
        name: {element["id"] for element in site.page(name).select("[id]")} for name in site.pages()
    }
    dead = []
    for name in site.pages():
        for link in site.page(name).select("a[href]"):
            href = link["href"]
            if urlsplit(href).scheme or href in ("#", ""):
                continue
            target, anchor = resolved(name, href)
            if target in anchors:
                if anchor and anchor not in anchors[target]:
                    dead.append(f"{name}: {href} (no such place on that page)")
            elif not (site.folder / target).is_file():
                dead.append(f"{name}: {href} (no such page)")
    assert not dead, "\n".join(dead)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_id_is_used_twice_on_a_page(site, chapter):
    ids = Counter(element["id"] for element in site.page(chapter).select("[id]"))
    assert [name for name, count in ids.items() if count > 1] == []


LOADING = {
    "src": "script, img, iframe, source, video, audio, embed",
    "href": "link, image, use",
    "data": "object",
}


def test_no_page_names_a_file_of_another_host_or_one_that_is_missing(site):
    wrong = []
    for name in site.pages():
        for attribute, tags in LOADING.items():
            for element in site.page(name).select(f":is({tags})[{attribute}]"):
                address = urlsplit(element[attribute])
                if address.scheme == "data":
                    continue
                target, _ = resolved(name, element[attribute])
                is_there = (site.folder / target).is_file() or target in site.pages()
                if address.scheme or address.netloc or not is_there:
                    wrong.append(f"{name}: {element}")
    assert not wrong, "\n".join(wrong)


def test_no_style_loads_from_another_host(site):
    styles = {p.name: p.read_text(encoding="utf-8") for p in site.folder.rglob("*.css")}
    for name in site.pages():
        styles[name] = " ".join(
            [style.text for style in site.page(name).select("style")]
            + [element["style"] for element in site.page(name).select("[style]")]
        )
    loads = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s]+)")
    assert {name: found for name, text in styles.items() if (found := loads.findall(text))} == {}


# ---------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_picture_says_in_words_what_it_shows(site, chapter):
    article = site.page(chapter).article
    silent = [img for img in article.select("img") if not img.get("alt", "").strip()]
    for svg in article.select("svg"):
        named = svg.get("aria-label") or svg.select_one("title, desc")
        if svg.get("aria-hidden") != "true" and not (svg.get("role") == "img" and named):
            silent.append(svg)
    assert not silent, [str(picture)[:200] for picture in silent]
