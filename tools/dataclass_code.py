"""Write out the methods of our dataclasses in the bytecode of the layer.

A module's bytecode does the same as its source: `loyalty.dataclass_code` says why it is written
out, and has what the classes share. Classes of a rarer form stay as they are, and make their
methods when they are imported.
"""

import ast
import dataclasses
import importlib
import importlib.util
import inspect
import marshal
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Generic, cast

PACKAGE: Final = "loyalty"
# What `loyalty.dataclass_code` is called in a module.
_SHARED: Final = "_dataclass_code"
_FORMS: Final = ({"frozen", "slots"}, {"frozen", "slots", "kw_only"})
_SHARED_METHODS: Final = {
    "__repr__": "represent",
    "__setattr__": "refuse_to_set",
    "__delattr__": "refuse_to_delete",
    "__getstate__": "get_state",
    "__setstate__": "set_state",
    "__replace__": "replace",
}
# PEP 552: bit 0 says that the bytecode goes with a hash, bit 1 that the hash is to be checked.
_UNCHECKED_HASH: Final = 0b01


class NotCommon(Exception):
    """A class of a form that is not written out."""


def write(packages: Path, *, mount: str) -> None:
    """Write bytecode for the modules of `packages/loyalty`, which will be mounted at `mount`.

    It is done in a process that has imported none of them yet.
    """
    # Without the folder of this script: its modules are not to be found by their bare names.
    subprocess.run([sys.executable, "-P", "-B", __file__, str(packages), mount], check=True)


def main(packages: Path, mount: str) -> None:
    sys.path.insert(0, str(packages))
    package = importlib.import_module(PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        module = importlib.import_module(found.name)
        file = Path(module.__file__ or "")
        source = file.read_bytes()
        if tree := written_out(source, module):
            name = f"{mount}/{file.relative_to(packages).as_posix()}"
            code = compile(tree, name, "exec", dont_inherit=True)
            header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little")
            cached = Path(importlib.util.cache_from_source(str(file)))
            cached.write_bytes(header + importlib.util.source_hash(source) + marshal.dumps(code))


def written_out(source: bytes, module: ModuleType) -> ast.Module | None:
    """A module with its common dataclasses written out; None if nothing of it changes.

    The imported module knows what `dataclasses` made of each.
    """
    tree = ast.parse(source)
    count = _copied(tree)
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            try:
                _write_out(statement, vars(module)[statement.name])
            except NotCommon:
                continue
            count += 1
    if not count:
        return None
    importing = ast.parse(f"from {PACKAGE} import dataclass_code as {_SHARED}").body
    first = 1 if ast.get_docstring(tree) is not None else 0
    first += sum(_is_of_future(statement) for statement in tree.body)
    tree.body[first:first] = importing
    return ast.fix_missing_locations(tree)


def _copied(tree: ast.Module) -> int:
    """Take `replace` from `copy`, which asks the class; returns how many imports changed.

    That of `dataclasses` would describe the fields of each class first.
    """
    importing = [
        statement
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module == "dataclasses"
    ]
    count = 0
    for statement in importing:
        moved = [alias for alias in statement.names if alias.name == "replace"]
        if not moved:
            continue
        copying = ast.ImportFrom("copy", moved, 0)
        tree.body.insert(tree.body.index(statement), ast.copy_location(copying, statement))
        statement.names = [alias for alias in statement.names if alias not in moved]
        if not statement.names:
            tree.body.remove(statement)
        count += 1
    return count


def _is_of_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _write_out(declared: ast.ClassDef, made: type) -> None:
    """Change the declaration of a dataclass in place.

    Raises:
        NotCommon: it has another form, and nothing was changed.
    """
    options = _options(declared)
    fields = {field.name: field for field in dataclasses.fields(made)}
    parameters = list(inspect.signature(made).parameters.values())
    own = {each.target.id: each for each in _annotations(declared) if each.target.id in fields}
    if not (
        options in _FORMS
        and all(map(_is_plain_base, made.__mro__[1:-1]))
        and _methods(declared).isdisjoint({"__init__", "__eq__", "__hash__", *_SHARED_METHODS})
        # No field is left out of `__init__`, and nothing else is in it.
        and list(fields) == [parameter.name for parameter in parameters]
    ):
        raise NotCommon
    defaults = [
        _default(parameter, own.get(parameter.name), bases=declared.bases)
        for parameter in parameters
        if parameter.default is not parameter.empty
    ]
    if any(_names(default) & set(own) for default in defaults):
        # Defaults move to `__init__`, where the fields have no values.
        raise NotCommon

    written = [
        _init(parameters, defaults, has_after="__post_init__" in dir(made)),
        *_comparing([name for name, field in fields.items() if field.compare]),
        *_shared(made, options, fields),
    ]
    for statement in written:
        for node in ast.walk(statement):
            ast.copy_location(node, declared)
    first = 1 if ast.get_docstring(declared) is not None else 0
    place = max((declared.body.index(each) + 1 for each in own.values()), default=first)
    declared.body[place:place] = written
    for each in own.values():
        each.value = None
    declared.decorator_list = []


def _options(declared: ast.ClassDef) -> set[str]:
    """The options of a class's only decorator, which is `dataclass`."""
    match declared:
        case ast.ClassDef(
            decorator_list=[ast.Call(func=ast.Name("dataclass"), args=[], keywords=options)],
            keywords=[],
        ):
            return {str(each.arg) for each in options if _constant(each.value) is True}
    raise NotCommon


def _annotations(declared: ast.ClassDef) -> Iterator[Any]:
    for each in declared.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each


def _methods(declared: ast.ClassDef) -> set[str]:
    return {each.name for each in declared.body if isinstance(each, ast.FunctionDef)}


def _names(expression: ast.expr) -> set[str]:
    return {each.id for each in ast.walk(expression) if isinstance(each, ast.Name)}


def _constant(value: ast.expr) -> object:
    return value.value if isinstance(value, ast.Constant) else None


def _is_plain_base(base: type) -> bool:
    return base is Generic or (dataclasses.is_dataclass(base) and "__slots__" in vars(base))


def _default(
    parameter: inspect.Parameter, own: ast.AnnAssign | None, *, bases: list[ast.expr]
) -> ast.expr:
    """What a parameter is when it is left out, as its field declares it."""
    match own, bases:
        case None, [base] if parameter.kind is parameter.KEYWORD_ONLY:
            return _expression(f"{_SHARED}.inherited({ast.unparse(base)}, {parameter.name!r})")
        case ast.AnnAssign(value=ast.Call(func=ast.Name("field"), args=[], keywords=keywords)), _:
            given = {str(each.arg): each.value for each in keywords}
            if "default_factory" in given:
                return ast.Call(_expression(f"{_SHARED}.Factory"), [given["default_factory"]], [])
            return given["default"]
        case ast.AnnAssign(value=ast.expr() as value), _:
            return value
    raise NotCommon


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _init(
    parameters: list[inspect.Parameter], defaults: list[ast.expr], *, has_after: bool
) -> ast.stmt:
    listed = ["self"]
    lines = []
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and "*" not in listed:
            listed.append("*")
        name = each.name
        listed.append(name if each.default is each.empty else f"{name}=None")
        value = name
        if repr(each.default) == "<factory>":
            value = f"{name}.make() if type({name}) is {_SHARED}.Factory else {name}"
        lines.append(f"    object.__setattr__(self, {name!r}, {value})\n")
    lines.append("    self.__post_init__()\n" if has_after else "    return None\n")
    written = ast.parse(f"def __init__({', '.join(listed)}):\n{''.join(lines)}").body[0]
    arguments = cast("ast.FunctionDef", written).args
    remaining = iter(defaults)
    arguments.defaults = [next(remaining) for _ in arguments.defaults]
    arguments.kw_defaults = [each and next(remaining) for each in arguments.kw_defaults]
    return written


def _comparing(names: list[str]) -> list[ast.stmt]:
    """`__eq__` and `__hash__` by the fields that count."""
    equal = " and ".join(f"self.{name} == other.{name}" for name in names) or "True"
    values = "".join(f"self.{name}, " for name in names)
    return ast.parse(
        "def __eq__(self, other):\n"
        "    if self is other:\n"
        "        return True\n"
        "    if other.__class__ is self.__class__:\n"
        f"        return {equal}\n"
        "    return NotImplemented\n"
        "def __hash__(self):\n"
        f"    return hash(({values}))\n"
    ).body


def _shared(
    made: Any, options: set[str], fields: Mapping[str, dataclasses.Field[Any]]
) -> list[ast.stmt]:
    """What is the same in all classes, and what `dataclasses` says of this one."""
    hidden = {
        name: {"compare": field.compare, "repr": field.repr}
        for name, field in fields.items()
        if not (field.compare and field.repr)
    }
    made_of = f"{_SHARED}.Made({hidden}, kw_only={'kw_only' in options})"
    attributes = {
        **{name: f"{_SHARED}.{shared}" for name, shared in _SHARED_METHODS.items()},
        "__dataclass_fields__": made_of,
        "__dataclass_params__": made_of,
        "__match_args__": repr(made.__match_args__),
        "__slots__": repr(made.__slots__),
    }
    return ast.parse("".join(f"{name} = {value}\n" for name, value in attributes.items())).body


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
