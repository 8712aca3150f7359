"""Gives dataclasses the code that was compiled for them when the layer was built.

A dataclass writes the source of its methods and compiles it when its module is imported. For the
two hundred of a function this took a quarter of its start. The build compiles the same sources
ahead (`tools/dataclass_code.py`). A source that it did not see is compiled as always.
"""

import dataclasses
import marshal
from hashlib import blake2b
from typing import Final

# Beside this file. Bytecode belongs to one version of Python, as the name says.
FILE_NAME: Final = "dataclasses.cpython-313.bin"


def digest(source: str) -> bytes:
    return blake2b(source.encode(), digest_size=16).digest()


def use(path: str) -> None:
    """Let new dataclasses take their code from a file, if it exists."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # most functions need no pathlib
            codes: dict[bytes, bytes] = marshal.load(file)  # noqa: S302  # a part of the layer
    except FileNotFoundError:
        return

    def execute(source: str, names: dict[str, object], results: dict[str, object]) -> None:
        code = codes.get(digest(source))
        compiled = source if code is None else marshal.loads(code)  # noqa: S302  # as above
        exec(compiled, names, results)  # noqa: S102  # what `dataclasses` does with the source

    # `dataclasses` finds this name before the builtin.
    vars(dataclasses)["exec"] = execute
