"""The local cloud's process: MiniStack on one port. It leaves nothing behind when it stops."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

import httpx

from local.aws import REGION, Aws
from local.clock import Clock
from local.failures import LocalCloudError

ROOT = Path(__file__).resolve().parent.parent
MINISTACK = ROOT / ".local" / "cloud-venv" / "bin" / "ministack"

_START_SECONDS_MAX = 30.0
_STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A running local cloud."""

    aws: Aws
    clock: Clock
    log: Path
    process: subprocess.Popen[bytes]
    # Files that all its functions share, such as unpacked layers.
    shared: Path

    def wait_until_it_ends(self) -> Never:
        """Wait until the cloud ends by itself, which is a failure; Ctrl-C interrupts the wait."""
        status = self.process.wait()
        raise LocalCloudError(
            f"The local cloud ended by itself with status {status}.", log=self.log
        )


@contextmanager
def running_cloud(*, port: int, home: Path) -> Iterator[Cloud]:
    """Run an empty local cloud that enforces IAM; `home` gets its log and scratch files."""
    require_free(port)
    if not MINISTACK.exists():
        raise LocalCloudError("The local cloud is not installed yet. `make run` installs it.")
    home.mkdir(parents=True, exist_ok=True)
    scratch = scratch_folder(home, port)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    clock = Clock(scratch / "clock")
    log = cloud_log(home)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [MINISTACK],
            cwd=scratch,
            env=_environment(port=port, scratch=scratch, clock=clock),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A process group of its own: Ctrl-C reaches only us, and we stop all that it started.
            start_new_session=True,
        )
    cloud = Cloud(aws=Aws(port), clock=clock, log=log, process=process, shared=scratch / "shared")
    try:
        _wait_until_ready(cloud)
        yield cloud
    finally:
        # It keeps nothing, and an orderly end would take seconds.
        _kill(process)
        shutil.rmtree(scratch, ignore_errors=True)


def cloud_log(home: Path) -> Path:
    return home / "cloud.log"


def scratch_folder(home: Path, port: int) -> Path:
    """Return the folder for the files of the cloud on this port, its clock among them."""
    return home / f"scratch-{port}"


def free_port() -> int:
    """Return a port that nobody is listening on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int) -> None:
    """Fail now, with a sentence, if the port is not available."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            reason = "is taken by another program" if is_taken else f"is not available: {error}"
            raise LocalCloudError(
                f"Port {port} {reason}. Choose another one: make run PORT={port + 1}"
            ) from None


def _environment(*, port: int, scratch: Path, clock: Clock) -> dict[str, str]:
    """Return the cloud's whole environment: anything inherited would leak into its functions."""
    return {
        "PATH": os.defpath,
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "PYTHONUNBUFFERED": "1",
        # Not in the templates, so that no deployed stage can have these.
        "LOYALTY_CLOCK_FILE": str(clock.file),
        "LOYALTY_LOCAL_ENDPOINTS": "yes",
        "LOYALTY_ENDPOINTS_REMEMBERED_SECONDS": "0",
        "LOYALTY_CALLER_SHARE_PERCENT": "0",
    }


def _wait_until_ready(cloud: Cloud) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    with httpx.Client(trust_env=False, timeout=1) as http:
        while time.monotonic() < deadline:
            if (status := cloud.process.poll()) is not None:
                raise LocalCloudError(f"The local cloud ended with status {status}.", log=cloud.log)
            with suppress(httpx.TransportError):
                if http.get(f"{cloud.aws.endpoint}/_ministack/ready").is_success:
                    return
            time.sleep(_POLL_SECONDS)
    raise LocalCloudError(
        f"The local cloud did not answer within {_START_SECONDS_MAX:.0f} s.", log=cloud.log
    )


def stop(process: subprocess.Popen[Any]) -> None:
    """Ask a process that leads its own group to stop, then kill the whole group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS_MAX)
    _kill(process)


def _kill(process: subprocess.Popen[Any]) -> None:
    """Kill a whole process group."""
    # macOS answers EPERM for a group with only dead processes.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
