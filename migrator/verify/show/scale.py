"""The scale that losses are drawn on: linear, or logarithmic where they span two powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_DRAWABLE = 1e300  # what is larger is drawn like infinity: differences of such numbers overflow
_DECADES = 2
_FLAT = 1e-6  # a range this small beside its numbers is drawn as one line: its ticks would look alike
_MARGIN = 0.05
_TICKS = 5
_STEPS = (1, 2, 5, 10)


def drawable(value: float) -> bool:
    """Whether a number has a place on a scale."""
    return abs(value) < _DRAWABLE  # false for nan


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on a scale."""

    at: float  # 0 at the low end, 1 at the high end
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of numbers, or of their powers of ten."""

    low: float
    high: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Give a number's place: 0 at the low end, 1 at the high end."""
        return ((math.log10(value) if self.logarithmic else value) - self.low) / (self.high - self.low)

    @property
    def padded(self) -> Scale:
        """The same with some room at both ends."""
        room = (self.high - self.low) * _MARGIN
        return Scale(self.low - room, self.high + room, self.logarithmic)

    @property
    def ticks(self) -> list[Tick]:
        """About five round numbers."""
        if self.logarithmic:
            return [Tick((place - self.low) / (self.high - self.low), label) for place, label in self._powers()]
        step = _round_step((self.high - self.low) / _TICKS)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [Tick(self.at(number * step), _label(number * step, step)) for number in range(first, last + 1)]

    def _powers(self) -> Iterable[tuple[float, str]]:
        span = self.high - self.low
        mantissas = (1, 2, 5) if span < _DECADES + 1 else (1,)
        stride = max(1, math.ceil(span / (_TICKS + 1)))
        for exponent in range(math.floor(self.low), math.ceil(self.high) + 1):
            for mantissa in mantissas if exponent % stride == 0 else ():
                place = exponent + math.log10(mantissa)
                if self.low <= place <= self.high:
                    yield place, _power(mantissa, exponent)


def fit(values: Iterable[float]) -> Scale:
    """Find the scale for numbers; those that are not finite are left out."""
    found = [value for value in values if drawable(value)] or [0.0]
    low, high = min(found), max(found)
    if low > 0 and math.log10(high) - math.log10(low) >= _DECADES:
        return Scale(math.log10(low), math.log10(high), logarithmic=True)
    size = max(abs(low), abs(high))
    if high - low <= size * _FLAT or size < 1 / _DRAWABLE:
        room = size / 10 if size > 1 / _DRAWABLE else 1.0
        return Scale(low - room, high + room)
    return Scale(low, high)


def counts(total: int) -> list[int]:
    """About five round numbers from 1 to ``total``, 1 among them."""
    step = max(1, round(_round_step(total / _TICKS)))
    return [1, *(number for number in range(step, total + 1, step) if number > 1 and number - 1 >= step * 0.75)]


def _round_step(least: float) -> float:
    unit = 10.0 ** math.floor(math.log10(least))
    return next((step * unit for step in _STEPS if step * unit >= least), 10 * unit)


def _label(value: float, step: float) -> str:
    """Write a tick with the decimals that its step has, so that all ticks of a scale look alike."""
    if value == 0:
        return "0"
    exponent, unit = (math.floor(math.log10(number) + 1e-9) for number in (abs(value), step))
    if -4 < exponent < 6:
        return f"{value:.{max(0, -unit)}f}"
    digits, power = f"{value:.{max(0, exponent - unit)}e}".split("e")
    return f"{digits}e{int(power)}"


def _power(mantissa: int, exponent: int) -> str:
    return f"{mantissa * 10.0**exponent:g}" if -4 <= exponent < 6 else f"{mantissa}e{exponent}"
