"""The built functions by themselves: how fast they start, and what a warm request costs."""

import resource
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import boto3

from bench.figures import Figure, median
from bench.runtime import Worker, lay_out_runtime, running_worker
from infra.layers import layers_of
from local.aws import REGION
from local.cloud import ROOT
from local.deployment import Deployment
from tests.support.http import event, staff

BUILT: Final = ROOT / "build" / "local"
EMPTY: Final = "empty"
STARTS: Final = 5
WARM_REQUESTS: Final = 300


class Workers:
    """Starts workers for the built functions, and for a handler that does nothing."""

    def __init__(self, scratch: Path) -> None:
        self._runtime = lay_out_runtime(scratch / "runtime")
        self._empty = scratch / EMPTY
        self._empty.mkdir()
        (self._empty / "handler.py").write_text("def handler(event, context):\n    return {}\n")
        self.names = sorted(path.name for path in BUILT.glob("functions/*") if path.is_dir())

    def start(
        self, stack: ExitStack, name: str, environment: Mapping[str, str] | None = None
    ) -> Worker:
        """Start a worker as Lambda would: the function, its layers, and what the image brings."""
        function = BUILT / "functions" / name
        path = [BUILT / "layers" / layer / "python" for layer in layers_of(name)]
        if name == EMPTY:
            function, path = self._empty, []
        return stack.enter_context(
            running_worker(function, path=[*path, self._runtime], environment=environment or {})
        )


def inits(workers: Workers) -> Iterator[Figure]:
    """Measure from the start of a process until it asks for an event, all functions in turns.

    The clock says what a caller waits for, and processor time the same whoever else works here.
    """
    names = [EMPTY, *workers.names]
    taken: dict[str, list[float]] = {name: [] for name in names}
    computed: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(STARTS):
        for name in names:
            before_s = _children_s()
            with ExitStack() as stack:
                taken[name].append(workers.start(stack, name).init_s)
            computed[name].append(_children_s() - before_s)
    for bench, seconds in (("init", taken), ("init, processor", computed)):
        empty_s = median(seconds[EMPTY])
        yield Figure(bench=bench, figure=EMPTY, value=empty_s * 1000, unit="ms")
        for name in workers.names:
            times = median(seconds[name]) / empty_s
            yield Figure(bench=bench, figure=name, value=times, unit="times an empty handler")


def _children_s() -> float:
    """The processor time of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def warm_overhead(
    workers: Workers, deployed: Deployment, *, program_id: str, member_id: str
) -> Iterator[Figure]:
    """Measure requests without calls to AWS against an empty handler, side by side.

    A quote passes every step (caller, JSON, validation, use case, answer, log) once the program is
    cached. An invalid order is refused at the edge.
    """
    orders = f"/v1/programs/{program_id}/orders"
    cashier = staff(program_id, "cashier")
    requests = {
        "quote": event("POST", f"{orders}/quote", body=_order(member_id), as_=cashier),
        "refused at the edge": event("POST", orders, raw="{}", as_=cashier),
    }
    taken: dict[str, list[float]] = {name: [] for name in (EMPTY, *requests)}
    with ExitStack() as stack:
        empty = workers.start(stack, EMPTY)
        accrual = workers.start(stack, "accrual", _environment(deployed, "accrual"))
        for _ in range(WARM_REQUESTS):
            taken[EMPTY].append(empty.invoke({})[1])
            for name, request in requests.items():
                answer, seconds = accrual.invoke(request)
                _require(answer, 200 if name == "quote" else 422)
                taken[name].append(seconds)
    for name in requests:
        over_s = median(taken[name]) - median(taken[EMPTY])
        yield Figure(bench="warm", figure=name, value=over_s * 1000, unit="ms over empty handler")


def _order(member_id: str) -> dict[str, Any]:
    line = {"sku": "ESP-BLEND-1KG", "category": "whole_bean", "quantity": 1}
    amount = {"amount": 1490, "currency": "EUR"}
    return {
        "source": "pos",
        "order_id": "1001",
        "member_id": member_id,
        "occurred_at": datetime.now(UTC).isoformat(),
        "lines": [line | {"line_id": f"{number}", "amount": amount} for number in range(5)],
    }


def _environment(deployed: Deployment, name: str) -> dict[str, str]:
    """Return the deployed function's environment, with the local cloud as its AWS."""
    endpoint = deployed.cloud.aws.endpoint
    lambda_ = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  of a cloud that takes any
    )
    environments = [
        function["Environment"]["Variables"] for function in lambda_.list_functions()["Functions"]
    ]
    (variables,) = [each for each in environments if each["LOYALTY_SERVICE"] == name]
    return variables | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def _require(answer: Mapping[str, Any], status: int) -> None:
    if answer.get("statusCode") != status:
        raise RuntimeError(f"answered {answer}, not {status}")
