"""The names that `make lint` refuses."""

import pytest

from tools.names import API_MODELS, faults

CLASS = "class Order:\n    pass\n"


@pytest.mark.parametrize(
    "source",
    [
        "told = 1\n",
        "told: int = 1\n",
        "def read(told): ...\n",
        "def tell(): ...\n",
        "class Told: ...\n",
        "self.told = 1\n",
        "for asked in (): ...\n",
        "with x as kept: ...\n",
        "match x:\n    case {'a': known}: ...\n",
        "[at for at in ()]\n",
        "_told = 1\n",
    ],
)
def test_a_catch_all_name_is_refused_wherever_it_is_bound(source: str) -> None:
    assert [fault.split(": ")[0] for fault in faults([("a.py", source)])] in (
        ["a.py:1"],
        ["a.py:2"],
    )


@pytest.mark.parametrize("source", ["order = told()\n", "held_at = 1\n", "x.read(told=1)\n"])
def test_a_name_that_another_package_chose_may_be_used(source: str) -> None:
    assert list(faults([("a.py", source)])) == []


def test_only_a_field_of_an_answer_may_keep_the_name_that_callers_read() -> None:
    path, source = f"{API_MODELS}answers.py", "class Answer:\n    at: int\n\nat = 1\n"

    assert list(faults([(path, source)])) == [f"{path}:4: `at` could be anything; name what it is"]
    assert len(list(faults([("tools/answers.py", source)]))) == 2


def test_two_public_classes_with_the_same_name_are_refused() -> None:
    sources = [("layers/a.py", CLASS), ("functions/b.py", CLASS)]

    (fault,) = faults(sources)

    assert (
        fault == "functions/b.py:1: the class `Order` has the same name as the one in layers/a.py:1"
    )


def test_private_classes_and_classes_of_tests_may_share_a_name() -> None:
    sources = [("layers/a.py", "class _Part: ...\n"), ("infra/b.py", "class _Part: ...\n")]

    assert list(faults([*sources, ("layers/c.py", CLASS), ("tests/d.py", CLASS)])) == []
