"""The page in a real browser: it loads nothing, says nothing in the console, fits every width, and can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.verify.show import page
from tests.verify.show import sample
from tests.verify.show.browser import Browser, find

PROGRAM = find()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no chromium to show the page in")

WIDTHS = (360, 1280)

# For each piece of text, and each curve: its contrast against what lies behind it, by WCAG 2.2, 1.4.3 and 1.4.11.
CONTRASTS = """
(() => {
  const parse = text => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = node => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) layers.push(parse(getComputedStyle(one).backgroundColor));
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (colour, back) => {
    const [one, two] = [light(over(parse(colour), back)), light(back)].sort((a, b) => b - a);
    return (one + 0.05) / (two + 0.05);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || ["TITLE", "DESC"].includes(parent.tagName.toUpperCase())) continue;
    const style = getComputedStyle(parent);
    found.push([contrast(parent.closest("svg") ? style.fill : style.color, behind(parent)), text.slice(0, 40)]);
  }
  const curves = [...document.querySelectorAll(".run")].map(one => contrast(getComputedStyle(one).stroke, behind(one)));
  return [found, curves];
})()
"""

# What no box of its own lets scroll and still reaches over the right edge.
OVERHANGS = """
[...document.body.querySelectorAll("*")]
  .filter(one => !one.parentElement.closest(".scroll, svg"))
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map(one => one.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert PROGRAM is not None
    with Browser(PROGRAM, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module", params=sample.ALL)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / f"{request.param}.html"
    path.write_text(page.render(sample.ALL[request.param]()), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
@pytest.mark.parametrize("width", WIDTHS)
def test_page_loads_nothing_complains_of_nothing_and_fits(browser: Browser, file: Path, width: int, dark: bool) -> None:
    browser.open(file, width, dark)
    assert browser.requested == [file.as_uri()]
    assert browser.complaints == []
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate(OVERHANGS) == []
    root = "document.documentElement"
    assert browser.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
def test_every_text_and_curve_has_contrast(browser: Browser, file: Path, dark: bool) -> None:
    browser.open(file, WIDTHS[1], dark)
    texts, curves = browser.evaluate(CONTRASTS)
    assert len(texts) > 30
    assert [pair for pair in texts if pair[0] < 4.5] == []
    assert [contrast for contrast in curves if contrast < 3] == []


def _colours(browser: Browser, path: Path, dark: bool) -> Any:
    browser.open(path, WIDTHS[0], dark)
    style = "getComputedStyle(document.body)"
    return browser.evaluate(f"[{style}.backgroundColor, {style}.color]")


def test_dark_is_dark(browser: Browser, file: Path) -> None:
    assert _colours(browser, file, dark=False) == ["rgb(255, 255, 255)", "rgb(28, 33, 40)"]
    assert _colours(browser, file, dark=True) == ["rgb(16, 20, 25)", "rgb(230, 234, 239)"]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_part_is_seen(browser: Browser, file: Path, width: int) -> None:
    browser.open(file, width)
    hidden = """
    [...document.querySelectorAll("h1, h2, h3, section, table, .plot, .plot path, summary, .patch span")]
      .filter(one => { const box = one.getBoundingClientRect(); return box.width + box.height === 0 })
      .map(one => one.outerHTML.slice(0, 120))
    """
    assert browser.evaluate(hidden) == []
    assert browser.evaluate("document.querySelectorAll('section').length") >= 5
    first_look = "document.querySelector('h1').getBoundingClientRect().bottom"
    assert browser.evaluate(first_look) < 400


def test_of_two_curves_on_the_same_points_both_are_seen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "equal.html"
    path.write_text(page.render(sample.equal()), encoding="utf-8")
    browser.open(path, WIDTHS[1])
    styles = browser.evaluate(
        "[...document.querySelectorAll('.plot svg path')].map(one => getComputedStyle(one))"
        ".map(one => [one.stroke, parseFloat(one.strokeWidth), one.strokeDasharray])"
    )
    (first, wide, solid), (second, narrow, dashes), (third, _, dots) = styles
    assert len({first, second, third}) == 3
    assert solid == "none" and "none" not in (dashes, dots) and dashes != dots
    assert narrow < wide


def test_diff_stands_beside_its_rules_and_on_a_phone_above_them(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "different.html"
    path.write_text(page.render(sample.different()), encoding="utf-8")
    boxes = "['.patch', '.rules'].map(name => document.querySelector('.hunk ' + name).getBoundingClientRect().toJSON())"
    browser.open(path, WIDTHS[1])
    patch, rules = browser.evaluate(boxes)
    assert rules["left"] >= patch["right"] and rules["top"] < patch["bottom"]
    browser.open(path, WIDTHS[0])
    patch, rules = browser.evaluate(boxes)
    assert rules["top"] >= patch["bottom"]


def test_on_paper_nothing_is_cut_off(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "different.html"
    path.write_text(page.render(sample.different()), encoding="utf-8")
    browser.open(path, 718)  # A4 between its margins
    browser.call("Emulation.setEmulatedMedia", media="print")
    cut = """
    [...document.querySelectorAll(".scroll")]
      .filter(one => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
      .map(one => [one.getAttribute("aria-label"), one.clientWidth, one.scrollWidth])
    """
    assert browser.evaluate(cut) == []
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.call("Page.printToPDF")["data"]
