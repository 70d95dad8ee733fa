"""The losses of all runs in one drawing.

Places along an axis are percents, and the lines stand in a drawing of their own that is stretched to the room there is:
so the labels keep their size on a phone. A later run's line is thinner than the first one's, or dashed, so that of two
lines on the same points both are seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from migrator.verify.result import Run
from migrator.verify.show.number import short
from migrator.verify.show.page.element import Markup, element
from migrator.verify.show.scale import Scale, counts, drawable, fit

_UNITS = 10_000  # of the stretched drawing, in both directions
_COLUMNS = 300  # a longer curve is drawn by the means and the extremes of so many stretches
_SLOTS = 200  # places along the top, where what is not finite is marked
_LANE = 9  # pixels between the marks of two runs
STYLES = 4  # of lines, `run-0` to `run-3`


def style(number: int) -> str:
    """Name the style of a run's line."""
    return f"run run-{number % STYLES}"


def _across(index: float, longest: int) -> float:
    return index / (longest - 1) if longest > 1 else 0.5


def _percent(place: float) -> str:
    return f"{place * 100:.3f}".rstrip("0").rstrip(".") + "%"


def _stretches(losses: Sequence[float], longest: int, scale: Scale) -> Iterator[list[tuple[float, list[float]]]]:
    """Give the unbroken parts of a curve: for each stretch of losses its place, and the places of those that are finite."""
    size = math.ceil(longest / _COLUMNS)
    stretches = [
        (
            _across(start + (len(stretch) - 1) / 2, longest),
            [1 - scale.at(loss) for loss in stretch if drawable(loss)],
        )
        for start in range(0, len(losses), size)
        if (stretch := losses[start : start + size])
    ]
    for finite, part in groupby(stretches, key=lambda stretch: bool(stretch[1])):
        if finite:
            yield list(part)


def _path(points: Iterable[tuple[float, float]]) -> str:
    steps = [f"{across * _UNITS:.0f} {down * _UNITS:.0f}" for across, down in points]
    # One point alone is drawn, as a dot, where the path has a length, of zero.
    return f"M{'L'.join(steps)}" + ("h0" if len(steps) == 1 else "")


def _curve(run: Run, number: int, longest: int, scale: Scale) -> Iterator[Markup]:
    """Draw a run's losses; where there are many, their mean, before a band from the least to the greatest."""
    parts = list(_stretches(run.losses, longest, scale))
    if longest > _COLUMNS:
        upper = [[(across, min(places)) for across, places in part] for part in parts]
        lower = [[(across, max(places)) for across, places in reversed(part)] for part in parts]
        shape = "".join(f"{_path([*top, *bottom])}z" for top, bottom in zip(upper, lower, strict=True))
        yield element("path", d=shape, class_=f"band band-{number % STYLES}")
    means = [[(across, math.fsum(places) / len(places)) for across, places in part] for part in parts]
    yield element("path", d="".join(map(_path, means)), class_=style(number))


def _broken(run: Run, number: int, longest: int) -> Iterator[Markup]:
    """Mark above the drawing where a run's losses are not finite; what stands close together is one mark."""
    slots = max(1, min(_SLOTS, longest - 1))
    found = {
        round(_across(index, longest) * slots): loss
        for index, loss in reversed(list(enumerate(run.losses)))
        if not drawable(loss)
    }
    height = -_LANE * (number + 1)
    for _, places in groupby(enumerate(sorted(found)), key=lambda pair: pair[1] - pair[0]):
        taken = [slot for _, slot in places]
        left, right = taken[0] / slots, taken[-1] / slots
        yield element("line", x1=_percent(left), x2=_percent(right), y1=height, y2=height + 0.01, class_=style(number))
        yield element(
            "text",
            short(found[taken[0]]),
            x=_percent(left),
            y=height + 4,
            dx=-8,
            text_anchor="end",
        )


def _axes(scale: Scale, longest: int) -> Iterator[Markup]:
    for tick in scale.ticks:
        height = _percent(1 - tick.at)
        yield element("line", x1=0, x2="100%", y1=height, y2=height, class_="grid")
        yield element("text", tick.label, x=0, y=height, dx=-10, dy="0.35em", text_anchor="end")
    for count in counts(longest):
        place = _percent(_across(count - 1, longest))
        yield element("line", x1=place, x2=place, y1="100%", y2="100%", class_="grid")
        yield element("text", str(count), x=place, y="100%", dy=20, text_anchor="middle")
    titles = ["calls of backward"]
    if scale.logarithmic:
        titles.append("logarithmic scale")
    if longest > _COLUMNS:
        titles.append(f"mean and range of {math.ceil(longest / _COLUMNS)} losses")
    yield element("text", " · ".join(titles), x="50%", y="100%", dy=42, text_anchor="middle")


def _told(run: Run) -> str:
    """Say where a curve begins and ends."""
    if not run.losses:
        return "no losses"
    broken = sum(not math.isfinite(loss) for loss in run.losses)
    number = "1 loss" if len(run.losses) == 1 else f"{len(run.losses):,} losses"
    ends = f"{number}, from {short(run.losses[0])} to {short(run.losses[-1])}"
    return f"{ends}; {broken:,} not finite" if broken else ends


def _legend(runs: Sequence[Run]) -> Markup:
    return element(
        "ul",
        [
            element(
                "li",
                element(
                    "svg",
                    element("path", d="M2 6H38", class_=style(number)),
                    viewBox="0 0 40 12",
                    aria_hidden="true",
                    focusable="false",
                ),
                element("p", element("b", run.name), " ", element("span", _told(run), class_="soft small")),
            )
            for number, run in enumerate(runs)
        ],
        class_="legend",
    )


def render(runs: Sequence[Run]) -> Markup:
    """Draw the curves of all runs, with their legend."""
    longest = max((len(run.losses) for run in runs), default=0)
    if not longest:
        return element("p", "No run came as far as a loss.", class_="soft")
    scale = fit(chain.from_iterable(run.losses for run in runs)).padded
    lines = [list(_curve(run, number, longest, scale)) for number, run in enumerate(runs) if run.losses]
    marks = [list(_broken(run, number, longest)) for number, run in enumerate(runs)]
    lanes = max((number + 1 for number, found in enumerate(marks) if found), default=0)
    drawing = element(
        "svg",
        element("title", "The losses of all runs", id="curve-title"),
        element("desc", "; ".join(f"{run.name}: {_told(run)}" for run in runs), id="curve-text"),
        list(_axes(scale, longest)),
        element(
            "svg",
            lines,
            viewBox=f"0 0 {_UNITS} {_UNITS}",
            preserveAspectRatio="none",
            width="100%",
            height="100%",
            overflow="visible",
        ),
        marks,
        class_=f"plot lanes-{min(lanes, STYLES)}",
        role="img",
        aria_labelledby="curve-title curve-text",
    )
    return element("figure", element("figcaption", _legend(runs)), drawing)
