"""Figures, each a line of JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of one bench, with its unit."""

    bench: str
    figure: str
    value: float
    unit: str

    def line(self) -> str:
        return json.dumps(asdict(self) | {"value": round(self.value, 3)}, ensure_ascii=False)


def percentile(sample: Iterable[float], percent: int) -> float:
    """Return the smallest value that this percentage of the sample does not exceed."""
    ordered = sorted(sample)
    if not ordered:
        raise ValueError("a percentile of nothing")
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(sample: Sequence[float]) -> float:
    return percentile(sample, 50)
