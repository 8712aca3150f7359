import json

import pytest

from bench.figures import Figure, median, percentile


@pytest.mark.parametrize(
    ("sample", "percent", "value"),
    [([7], 50, 7), ([7], 99, 7), ([4, 1, 3, 2], 50, 2), (range(1, 101), 99, 99), ([1, 9], 99, 9)],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    sample: list[float], percent: int, value: float
) -> None:
    assert percentile(sample, percent) == value


def test_an_empty_list_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        median([])


def test_a_figure_is_a_line_of_json() -> None:
    line = Figure(bench="earn", figure="p50", value=24.07149, unit="ms").line()

    assert json.loads(line) == {"bench": "earn", "figure": "p50", "value": 24.071, "unit": "ms"}
