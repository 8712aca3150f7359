"""What was measured, as a line of JSON each."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of one bench; `figure` names it, `unit` says what of."""

    bench: str
    figure: str
    value: float
    unit: str

    def line(self) -> str:
        return json.dumps(asdict(self) | {"value": round(self.value, 3)}, ensure_ascii=False)


def percentile(sample: Iterable[float], percent: int) -> float:
    """The smallest value that so many percent of the sample do not exceed."""
    ordered = sorted(sample)
    if not ordered:
        raise ValueError("a percentile of nothing")
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(sample: Sequence[float]) -> float:
    return percentile(sample, 50)
