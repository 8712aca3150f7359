"""Figures for CloudWatch, written to the log in its embedded metric format."""

import os
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from loyalty.edge.logs import logger

# Each stage has a namespace of its own, so that no stage counts toward another.
NAMESPACE: Final = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Loyalty")


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Add to a count; its dimensions are the function's name and `dimensions`."""
    with single_metric(
        name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE
    ) as metric:
        for dimension, of in {"service": logger.service, **dimensions}.items():
            metric.add_dimension(name=dimension, value=of)
