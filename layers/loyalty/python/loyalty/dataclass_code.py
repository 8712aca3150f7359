"""What those dataclasses share whose methods the build wrote out (`tools/dataclass_code.py`).

A dataclass writes the source of its methods and compiles it when its module is imported, and makes
its class twice to give it slots. For the hundred and more of a function this took a third of its
start. In the layer's bytecode the common ones are ordinary classes with written methods. To
`dataclasses` they look the same: a test compares each with what `dataclasses` makes of it.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError
from typing import Any, Never


class Factory:
    """The default of a parameter whose field has a factory."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __repr__(self) -> str:
        return "<factory>"


def inherited(base: type, name: str) -> Any:
    """The default of a parameter that a base declares."""
    default = vars(base)["__init__"].__kwdefaults__[name]
    if isinstance(default, Factory) or repr(default) != "<factory>":
        return default
    # `dataclasses` made the base, and hides the factory.
    return Factory(vars(base)["__dataclass_fields__"][name].default_factory)


class Made:
    """An attribute that `dataclasses` makes when somebody asks for it, from the class's `__init__`.

    `options` are those that `field` got, by the field's name.
    """

    def __init__(self, options: Mapping[str, Mapping[str, bool]], *, kw_only: bool) -> None:
        self._kw_only = kw_only
        self._options = options

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, _instance: object, _owner: type) -> Any:
        made = vars(self._twin())[self._name]
        setattr(self._owner, self._name, made)
        return made

    def _twin(self) -> type:
        """What `dataclasses` makes of the same fields."""
        kinds: dict[str, Any] = {}
        for each in reversed(self._owner.__mro__):
            kinds |= inspect.get_annotations(each)
        return dataclasses.make_dataclass(
            self._owner.__name__,
            [
                (parameter.name, kinds[parameter.name], self._field(parameter))
                for parameter in inspect.signature(self._owner).parameters.values()
            ],
            frozen=True,
            slots=True,
            kw_only=self._kw_only,
        )

    def _field(self, parameter: inspect.Parameter) -> Any:
        options: dict[str, Any] = {
            "kw_only": parameter.kind is parameter.KEYWORD_ONLY,
            **self._options.get(parameter.name, {}),
        }
        default = parameter.default
        if isinstance(default, Factory):
            options["default_factory"] = default.make
        elif default is not parameter.empty:
            options["default"] = default
        return dataclasses.field(**options)


def represent(self: Any) -> str:
    shown = (
        f"{field.name}={getattr(self, field.name)!r}"
        for field in dataclasses.fields(self)
        if field.repr
    )
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def refuse_to_set(_self: object, name: str, _value: object) -> Never:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def refuse_to_delete(_self: object, name: str) -> Never:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def get_state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def replace(self: Any, /, **changes: object) -> Any:
    """A copy with other values of some fields, as `dataclasses.replace` makes it."""
    code = self.__class__.__init__.__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return self.__class__(**{name: getattr(self, name) for name in names} | changes)
