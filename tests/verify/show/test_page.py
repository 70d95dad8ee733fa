"""The page as text: sound HTML that holds everything, escapes everything, and names nothing outside of itself."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from migrator.verify.result import Outcome, Result, Run, StepRow
from migrator.verify.show import page
from migrator.verify.show.page.element import element, prose
from tests.verify.show import sample

ALLOWED = frozenset(
    "html head meta title style body header main footer nav section article div p span h1 h2 h3 ul li dl dt dd b code pre a "
    "table thead tbody tr th td figure figcaption details summary svg path line text desc".split()
)
EMPTY = {"meta"}


class Page(HTMLParser):
    """A page taken apart: every element has its end, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), tag
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def said(self) -> str:
        return "".join(text for tag, text in self.texts if tag != "style")


@pytest.fixture(params=sample.ALL)
def result(request: pytest.FixtureRequest) -> Result:
    return sample.ALL[request.param]()


def test_page_is_sound_and_loads_nothing(result: Result) -> None:
    text = page.render(result)
    text.encode("utf-8")
    found = Page(text)
    assert {tag for tag, _ in found.elements} <= ALLOWED
    assert text.startswith("<!doctype html>\n") and found.all("html") == [{"lang": "en"}]
    ids = Counter(attributes["id"] for _, attributes in found.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    for tag, attributes in found.elements:
        assert not {"src", "srcset", "style", "xlink:href", "action", "data"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes), tag
        if "href" in attributes:
            assert tag == "a" and (attributes["href"] or "").removeprefix("#") in ids
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
    style = next(text for tag, text in found.texts if tag == "style")
    assert not re.search(r"url\(|@import|@font-face|</", style)


def test_policy_allows_this_style_alone() -> None:
    found = Page(page.render(sample.equal()))
    policy = next(meta["content"] for meta in found.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    style = next(text for tag, text in found.texts if tag == "style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy is not None and policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy


def test_tables_and_drawing_can_be_read_aloud(result: Result) -> None:
    found = Page(page.render(result))
    assert all(attributes.get("scope") in ("col", "row", "colgroup") for attributes in found.all("th"))
    assert len(found.all("h1")) == 1
    for drawing in found.all("svg"):
        named = drawing.get("role") == "img" and drawing.get("aria-labelledby")
        assert named or drawing.get("aria-hidden") == "true" or "viewbox" in drawing
    boxes = [attributes for tag, attributes in found.elements if "scroll" in (attributes.get("class") or "").split()]
    assert all(box.get("tabindex") == "0" and box.get("aria-label") and box.get("role") == "region" for box in boxes)


def test_everything_that_was_found_stands_in_the_page() -> None:
    result = sample.different()
    said = Page(page.render(result)).said.replace("\n", "").lower()  # sentences are given their capitals
    for verdict in result.verdicts:
        cause = verdict.cause
        assert cause is not None
        wanted = [verdict.promise, verdict.title, verdict.summary, verdict.outcome.value, *verdict.differences]
        wanted += [cause.name, cause.why, cause.code, cause.place, cause.message]
        wanted += [text for one in verdict.findings for text in (one.aspect, one.told, one.place, one.outcome.value)]
        assert [text for text in wanted if text.replace("`", "").lower() not in said] == []
    wanted = [text for run in result.runs for text in (run.name, run.command, run.ended)]
    wanted += [text for hunk in result.hunks for text in (hunk.file, *hunk.lines)]
    wanted += [text.replace("`", "") for hunk in result.hunks for edit in hunk.edits for text in edit]
    wanted += [result.script, result.target, result.device, *(f"{name} {version}" for name, version in result.versions)]
    assert [text for text in wanted if text.lower() not in said] == []


def test_errors_and_stacks_stand_in_the_page() -> None:
    found = Page(page.render(sample.unverified()))
    assert sample.ERROR in found.said and sample.STACKS in found.said
    assert len(found.all("details")) == 3


@pytest.mark.parametrize(
    ("made", "word"), ((sample.equal, "Equal"), (sample.different, "Different"), (sample.unverified, "Not verified"))
)
def test_headline_is_the_verdict(made: object, word: str) -> None:
    found = Page(page.render(made()))  # type: ignore[operator]
    assert [text for tag, text in found.texts if tag == "h1"] == [word]


def test_result_without_anything_is_not_verified() -> None:
    found = Page(page.render(Result("train.py", "runtime", 2, "cpu", ())))
    assert [text for tag, text in found.texts if tag == "h1"] == ["Not verified"]


def _cells(result: Result) -> list[tuple[str | None, str]]:
    steps = page.render(result).split('<h2 id="steps">')[1]
    rows = re.findall(r'<td(?: class="([^"]*)")?>([^<]*)</td>', steps)
    return [(mark or None, text) for mark, text in rows]


def test_cells_that_differ_are_marked_and_look_different() -> None:
    runs = sample.equal().runs
    row = StepRow(1, (0.5, 0.5000000001, None), (float("nan"), float("nan"), 0.0), ((0.1, 0.2), (0.1, 0.2), (0.1,)))
    marked = _cells(replace(sample.equal(), runs=runs, steps=(row,)))
    assert marked == [
        ("first", "0.5"),
        ("differs", "0.5000000001"),
        (None, "–"),
        ("first", "nan"),
        (None, "nan"),
        ("varies", "0"),
        ("first", "0.1, 0.2"),
        (None, "0.1, 0.2"),
        ("varies", "0.1"),
    ]


def test_long_table_keeps_its_ends_and_the_first_difference_and_says_so() -> None:
    text = page.render(sample.long(5000))
    numbers = [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', text)]
    assert {1, 2500, 2501, 5000} <= set(numbers)
    left_out = [int(number.replace(",", "")) for number in re.findall(r"… ([\d,]+) steps are left out", text)]
    assert len(numbers) + sum(left_out) == 5000


def test_column_that_no_run_has_is_left_out() -> None:
    result = sample.equal()
    steps = tuple(replace(step, norms=(None, None, None), rates=((), (), ())) for step in result.steps)
    titles = [text for tag, text in Page(page.render(replace(result, steps=steps))).texts if tag == "th"]
    assert "Loss" in titles and "Gradient norm" not in titles and "Learning rate" not in titles


def test_cause_leads_to_the_line_of_its_edit() -> None:
    text = page.render(sample.different())
    assert '<a href="#hunk-2"><code>train.py:22</code></a>' in text
    assert re.findall(r'<span class="add blame">([^<]*)</span>', text) == [
        "+model, optimizer, loader, scheduler = accelerator.prepare(",
        "+        accelerator.backward(loss)",
    ]


def _with(*losses: tuple[float, ...]) -> Result:
    runs = tuple(Run(name, "", 1.0, one, len(one), "finished") for name, one in zip("abcdef", losses, strict=False))
    return Result("train.py", "runtime", 2, "cpu", (), runs)


@pytest.mark.parametrize(
    "losses",
    (
        pytest.param(((),), id="no losses"),
        pytest.param(((0.5,), (0.5,)), id="one loss"),
        pytest.param(((0.0, 0.0),), id="all zero"),
        pytest.param(((-1e308, 1e308), (5e-324, 1.0)), id="the widest range"),
        pytest.param(((1e299, -1e299),), id="a wide range"),
        pytest.param(((5e-324, 1e-323),), id="the narrowest range"),
        pytest.param(((float("nan"), float("inf"), float("-inf")),), id="nothing finite"),
        pytest.param(((1.0, float("nan")) * 3000,), id="every second is nan"),
        pytest.param(tuple((float(n), 1.0) for n in range(6)), id="more runs than styles"),
    ),
)
def test_curve_of_any_numbers_is_drawn_within_the_drawing(losses: tuple[tuple[float, ...], ...]) -> None:
    text = page.render(_with(*losses))
    Page(text)
    paths = re.findall(r'<path d="([^"]*)" class="(?:run|band)', text.split('class="plot', 1)[-1])
    places = [float(number) for path in paths for number in re.findall(r"-?[\d.]+", path.replace("h0", ""))]
    assert all(0 <= place <= 10_000 for place in places)
    assert "Infinity" not in text and "e+3" not in "".join(paths)


def test_what_is_not_finite_is_marked_above_the_curve() -> None:
    text = page.render(_with((1.0, 0.5, float("nan"), float("nan"), 0.4)))
    assert re.search(r'<line x1="50%" x2="75%" y1="-9" [^>]*></line><text [^>]*>nan</text>', text)
    assert "5 losses, from 1 to 0.4; 2 not finite" in text


def test_page_of_a_long_training_stays_small() -> None:
    assert len(page.render(_with(sample.losses(100_000), sample.losses(100_000)))) < 100_000


def test_text_is_escaped_where_an_element_is_made() -> None:
    assert element("p", "<b>&", class_='"<') == '<p class="&quot;&lt;">&lt;b&gt;&amp;</p>'
    assert prose("Pass `a<b` on") == "Pass <code>a&lt;b</code> on"
    assert prose("one ` alone") == "one ` alone"


def test_hostile_texts_are_shown_not_obeyed() -> None:
    text = page.render(sample.hostile())
    assert "<script" not in text and "<img" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", text)
    assert "<script>alert(1)</script>" in Page(text).said


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_page(outcome: Outcome) -> None:
    verdict = replace(sample.equal().verdicts[0], outcome=outcome)
    assert outcome.value in Page(page.render(replace(sample.equal(), verdicts=(verdict,)))).said
