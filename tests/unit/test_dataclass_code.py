"""What the build writes out of a dataclass is what `dataclasses` makes of it."""

import ast
import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import sys
from dataclasses import FrozenInstanceError
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

import pytest

import loyalty
from loyalty import dataclass_code
from tools.dataclass_code import written_out

# Mutable, ordered, or without slots: `dataclasses` makes their methods whenever they are imported.
LEFT_AS_THEY_ARE: Final = {
    "domain.ledger.explaining._Brought",
    "domain.ledger.explaining._Pile",
    "domain.orders.order.OrderRef",
    "domain.trials.decided.OrderOnTrial",
    "domain.trials.history.History",
    "domain.trials.replay.Replay",
    "domain.trials.tally.Tally",
    "edge.http.caller_limits._Bucket",
    "lake.connections.OpenConnection",
    "lake.mirror.Held",
    "lake.segment_sql.SegmentQuery",
    "sdk.signing._Day",
    "usecases.people.member_export.ExportPage",
    "usecases.ports.Desk",
}


class Pair(NamedTuple):
    """A class as `dataclasses` makes it, and as it is written out."""

    made: Any
    written: Any


@cache
def pairs() -> dict[str, Pair]:
    """Every dataclass of the package by its name."""
    found: dict[str, Pair] = {}
    for each in pkgutil.walk_packages(loyalty.__path__, "loyalty."):
        module = importlib.import_module(each.name)
        names = [name for name, value in vars(module).items() if _is_declared(value, module)]
        tree = written_out(Path(module.__file__ or "").read_bytes(), module) if names else None
        copied = _executed(tree, module) if tree else vars(module)
        for name in names:
            label = f"{each.name.removeprefix('loyalty.')}.{name}"
            found[label] = Pair(vars(module)[name], copied[name])
    return found


def _is_declared(value: object, module: ModuleType) -> bool:
    return (
        isinstance(value, type)
        and dataclasses.is_dataclass(value)
        and value.__module__ == module.__name__
    )


def _executed(tree: ast.Module, module: ModuleType) -> dict[str, Any]:
    namespace = {"__name__": module.__name__}
    exec(compile(tree, "<written out>", "exec", dont_inherit=True), namespace)  # noqa: S102
    return namespace


def written(pair: Pair) -> bool:
    return vars(pair.written).get("__repr__") is dataclass_code.represent


def sample(declared: Any) -> Any:
    """An instance whose fields have their own names as values, without checking them."""
    instance = object.__new__(declared)
    for field in dataclasses.fields(declared):
        object.__setattr__(instance, field.name, field.name)
    return instance


def described(declared: Any) -> dict[str, Any]:
    """All that `dataclasses` and callers see of a class."""
    parameters = inspect.signature(declared).parameters.values()
    return {
        "parameters": [(each.name, each.kind, repr(each.default)) for each in parameters],
        "fields": [_field(each) for each in dataclasses.fields(declared)],
        "options": repr(declared.__dataclass_params__),
        "match": declared.__match_args__,
        "slots": declared.__slots__,
        "attributes": {name for name in dir(declared) if name != "__firstlineno__"},
        "name": declared.__qualname__,
        "shown": repr(sample(declared)),
        "hash": hash(sample(declared)),
    }


def _field(field: Any) -> tuple[Any, ...]:
    factory = field.default_factory
    return (
        *(field.name, repr(field.type), repr(field.default), getattr(factory, "__name__", factory)),
        *(field.init, field.repr, field.hash, field.compare, field.kw_only),
    )


def test_all_but_few_classes_are_written_out() -> None:
    assert {name for name, pair in pairs().items() if not written(pair)} == LEFT_AS_THEY_ARE


def test_a_class_that_is_written_out_looks_as_dataclasses_makes_it() -> None:
    for name, pair in pairs().items():
        if written(pair):
            assert described(pair.written) == described(pair.made), name


def test_a_class_that_is_written_out_behaves_as_dataclasses_makes_it() -> None:
    for name, pair in pairs().items():
        if written(pair):
            instance = sample(pair.written)
            assert instance == sample(pair.written), name
            assert instance != sample(pair.made), name
            assert copy.deepcopy(instance) == instance, name
            for field in dataclasses.fields(instance):
                with pytest.raises(FrozenInstanceError, match=f"assign to field '{field.name}'"):
                    setattr(instance, field.name, None)
                with pytest.raises(FrozenInstanceError, match=f"delete field '{field.name}'"):
                    delattr(instance, field.name)
                other = sample(pair.written)
                object.__setattr__(other, field.name, "other")
                assert (instance == other) is (not field.compare), (name, field.name)
                assert (hash(instance) == hash(other)) is (not field.compare), (name, field.name)


def both(source: str, name: str) -> Pair:
    """A class of a module that consists of this source."""
    module = ModuleType("points")
    sys.modules["points"] = module
    exec(source, vars(module))  # noqa: S102  # written in this file
    tree = written_out(source.encode(), module)
    assert tree
    return Pair(vars(module)[name], _executed(tree, module)[name])


@pytest.fixture
def points() -> Pair:
    """A class with every kind of default."""
    source = (
        "from dataclasses import dataclass, field\n"
        "@dataclass(frozen=True, slots=True)\n"
        "class Point:\n"
        "    a: int\n"
        "    b: int = 2 * 3\n"
        "    c: list[int] = field(default_factory=list)\n"
        "    d: str = field(default='d', repr=False, compare=False)\n"
        "    def __post_init__(self) -> None:\n"
        "        self.c.append(self.a)\n"
    )
    return both(source, "Point")


@pytest.mark.parametrize("arguments", [(1,), (1, 2), (1, 2, [3]), (1, 2, [3], "e")])
def test_defaults_and_what_follows_are_the_same(points: Pair, arguments: tuple[Any, ...]) -> None:
    made = points.made(*copy.deepcopy(arguments))
    instance = points.written(*copy.deepcopy(arguments))

    assert repr(instance) == repr(made)
    assert dataclasses.astuple(instance) == dataclasses.astuple(made)


def test_every_instance_gets_a_list_of_its_own(points: Pair) -> None:
    assert points.written(1).c is not points.written(1).c


def test_a_field_is_replaced_in_a_copy(points: Pair) -> None:
    instance = points.written(1, c=[])

    for replace in (dataclasses.replace, copy.replace):
        assert dataclasses.astuple(replace(instance, a=5, c=[])) == (5, 6, [5], "d")


def test_an_instance_can_be_pickled(points: Pair) -> None:
    vars(sys.modules["points"])["Point"] = points.written
    instance = points.written(1)

    assert pickle.loads(pickle.dumps(instance)) == instance  # noqa: S301  # made here


def test_a_missing_argument_is_refused(points: Pair) -> None:
    for declared in points:
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
            declared()


@pytest.mark.parametrize("base", ["frozen=True, slots=True", "frozen=True, slots=True, order=True"])
def test_defaults_are_inherited_from_a_base_that_is_written_out_or_not(base: str) -> None:
    pair = both(
        "from dataclasses import dataclass, field\n"
        f"@dataclass({base}, kw_only=True)\n"
        "class Base:\n"
        "    a: list[int] = field(default_factory=list)\n"
        "    b: int = 3\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        "class Point(Base):\n"
        "    c: int\n",
        "Point",
    )

    assert written(pair)
    for declared in pair:
        assert dataclasses.asdict(declared(c=1)) == {"a": [], "b": 3, "c": 1}
    assert pair.written(c=1).a is not pair.written(c=1).a


def test_copying_does_not_describe_the_fields(points: Pair) -> None:
    assert copy.replace(points.written(1), b=2).b == 2

    assert isinstance(vars(points.written)["__dataclass_fields__"], dataclass_code.Made)


def test_modules_take_replace_from_what_asks_the_class() -> None:
    source = b"from dataclasses import dataclass, replace\nfrom dataclasses import replace\n"

    tree = written_out(source, ModuleType("points"))

    assert tree
    assert [ast.unparse(each) for each in tree.body] == [
        "from loyalty import dataclass_code as _dataclass_code",
        "from copy import replace",
        "from dataclasses import dataclass",
        "from copy import replace",
    ]
