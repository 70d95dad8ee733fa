"""The steps of all runs, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from migrator.verify.result import Run, StepRow
from migrator.verify.show.number import Numbers, apart, same
from migrator.verify.show.page.element import Markup, element, scroll

_MOST = 600  # rows; of a longer table the ends are shown, and what lies around a first difference
_AROUND = 100

Cells = list["Numbers | None"]


def _numbers(values: Sequence[float | None]) -> Cells:
    return [None if value is None else (value,) for value in values]


_GROUPS: tuple[tuple[str, Callable[[StepRow], Cells]], ...] = (
    ("Loss", lambda row: _numbers(row.losses)),
    ("Gradient norm", lambda row: _numbers(row.norms)),
    ("Learning rate", lambda row: list(row.rates)),
)


def _differs(cells: Cells, run: int) -> bool:
    """Whether a run has something else than the first one has."""
    first, other = cells[0], cells[run]
    return first is not None and other is not None and not same(first, other)


def _row(row: StepRow, groups: Sequence[Callable[[StepRow], Cells]]) -> Markup:
    cells = []
    for read in groups:
        group = read(row)
        for run, text in enumerate(apart(group)):
            # The second run is on one process as well and must equal the first; runs on several processes need not.
            mark = ("differs" if run == 1 else "varies") if _differs(group, run) else ""
            cells.append(element("td", text, class_=" ".join(filter(None, ("" if run else "first", mark))) or None))
    return element("tr", element("th", str(row.number), scope="row"), cells)


def _shown(steps: Sequence[StepRow], groups: Sequence[Callable[[StepRow], Cells]]) -> list[int]:
    """Choose the rows of a table that has too many."""
    if len(steps) <= _MOST:
        return list(range(len(steps)))
    width = len(steps[0].losses)
    centres = {0, len(steps) - 1}
    for read in groups:
        for run in range(1, width):
            centres.update([next((i for i, row in enumerate(steps) if _differs(read(row), run)), 0)])
    near = {index for centre in centres for index in range(centre - _AROUND, centre + _AROUND)}
    return sorted(near & set(range(len(steps))))


def _body(steps: Sequence[StepRow], groups: Sequence[Callable[[StepRow], Cells]], width: int) -> Iterator[Markup]:
    shown = _shown(steps, groups)
    for before, index in pairwise([-1, *shown]):
        if index > before + 1:
            text = f"… {index - before - 1:,} steps are left out here; the JSON report has them"
            yield element("tr", element("td", text, colspan=width, class_="gap"))
        yield _row(steps[index], groups)


def render(steps: Sequence[StepRow], runs: Sequence[Run]) -> Markup:
    """Write all steps, or of thousands those that matter."""
    groups = [(title, read) for title, read in _GROUPS if any(cell for row in steps for cell in read(row))]
    names = [run.name for run in runs]
    top = element(
        "tr",
        element("th", "Step", rowspan=2, scope="col", class_="corner"),
        [element("th", title, scope="colgroup", colspan=len(names), class_="first") for title, _ in groups],
    )
    below = element(
        "tr",
        [
            element("th", name, scope="col", class_=None if number else "first")
            for _ in groups
            for number, name in enumerate(names)
        ],
    )
    readers = [read for _, read in groups]
    body = element("tbody", list(_body(steps, readers, 1 + len(names) * len(groups))))
    return scroll("Steps of all runs", element("table", element("thead", top, below), body), class_="steps")
