"""A Lambda worker on this machine: the real runtime client with our own Runtime API.

The worker is a fresh process. It sees the built layers, the built function, the runtime's packages
and the standard library, and nothing else of this environment.
"""

import compileall
import json
import os
import queue
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from py_compile import PycInvalidationMode
from threading import Thread
from typing import Any, Final

# What Lambda's Python image brings: the runtime client and the AWS SDK.
RUNTIME: Final = (
    *("awslambdaric", "runtime_client*", "simplejson", "snapshot_restore_py.py"),
    *("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"),
)
SECONDS_MAX: Final = 60.0

_API: Final = "/2018-06-01/runtime"
_POLL_SECONDS: Final = 0.02
_BYTECODE = shutil.ignore_patterns("__pycache__")


class WorkerFailed(Exception):
    """The worker could not load its handler, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class RuntimeApi:
    """One worker's Runtime API: it hands out events, takes answers, and times both.

    `polled` holds when the worker asked for an event, or why it never will.
    """

    events: queue.Queue[bytes | None] = field(default_factory=queue.Queue)
    polled: queue.Queue[float | WorkerFailed] = field(default_factory=queue.Queue)
    answered: queue.Queue[tuple[float, bytes] | WorkerFailed] = field(default_factory=queue.Queue)

    def next_event(self) -> bytes | None:
        self.polled.put(time.perf_counter())
        return self.events.get()


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that has loaded its handler; `init_s` is how long that took from its start."""

    api: RuntimeApi
    init_s: float

    def invoke(self, event: Mapping[str, Any]) -> tuple[Any, float]:
        """Return the handler's answer and the seconds until it arrived."""
        body = json.dumps(event).encode()
        given = time.perf_counter()
        self.api.events.put(body)
        answered, answer = _within(self.api.answered)
        _within(self.api.polled)
        return json.loads(answer), answered - given


def lay_out_runtime(folder: Path) -> Path:
    """Copy what Lambda's image brings into a folder, with bytecode as the image has it.

    Without bytecode of its own, a start would cost more or less by what ran here before: the
    environment's packages are compiled when they are first imported, and workers write nothing.
    """
    folder.mkdir()
    for pattern in RUNTIME:
        for path in Path(sysconfig.get_path("platlib")).glob(pattern):
            if path.is_dir():
                shutil.copytree(path, folder / path.name, ignore=_BYTECODE)
            else:
                shutil.copy(path, folder)
    compileall.compile_dir(
        folder, quiet=1, maxlevels=50, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
    return folder


@contextmanager
def running_worker(
    function: Path, *, path: Sequence[Path], environment: Mapping[str, str]
) -> Iterator[Worker]:
    """Start a worker of `function/handler.py` and wait until it asks for its first event."""
    with ExitStack() as stack:
        api = RuntimeApi()
        server = stack.enter_context(_serving(api))
        started = time.perf_counter()
        process = stack.enter_context(_process(function, path, environment, port=server))
        stack.callback(process.kill)
        stack.callback(api.events.put, None)
        yield Worker(api, _within(api.polled) - started)


def _process(
    function: Path, path: Sequence[Path], environment: Mapping[str, str], *, port: int
) -> subprocess.Popen[bytes]:
    program = (
        f"import sys; sys.path[:0] = {[str(each) for each in (function, *path)]}\n"
        "from awslambdaric.__main__ import main; main(['bootstrap', 'handler.handler'])"
    )
    return subprocess.Popen(
        # Isolated and without site-packages; bytecode is shipped, not made here.
        [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", program],
        cwd=function,
        env={
            "_HANDLER": "handler.handler",
            "LAMBDA_TASK_ROOT": str(function),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a worker that was stopped hangs up."""


@contextmanager
def _serving(api: RuntimeApi) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer in one piece: in two, each would wait 40 ms for an acknowledgment.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            event = api.next_event()
            if event is None:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(time.time_ns() // 10**6 + 30_000))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:bench")
            self.send_header("Content-Type", "application/json")
            self._end(event)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == f"{_API}/init/error":
                api.polled.put(WorkerFailed(body.decode()))
            else:
                api.answered.put((time.perf_counter(), body))
            self.send_response(202)
            self._end(b"")

        def _end(self, body: bytes) -> None:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: every line would be time."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _within[T](waiting: queue.Queue[T | WorkerFailed]) -> T:
    try:
        arrived = waiting.get(timeout=SECONDS_MAX)
    except queue.Empty:
        raise WorkerFailed("the worker does not answer") from None
    if isinstance(arrived, WorkerFailed):
        raise arrived
    return arrived
