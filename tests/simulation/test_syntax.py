"""Tests of changing source by its syntax tree."""

import ast
from pathlib import Path

import pytest

from tests.simulation.syntax import changed_file, rewritten

SOURCE = """
def other():
    return {known: 1}


class Shop:
    def sell(self, item):
        price = round(  # half a cent is a cent
            item.price,
            2,
        )
        for each in self.seen:
            each.tell(price=price, item=item)
        if price > 0:
            return price
        return None
"""


def sold(old: str, new: str) -> str:
    return rewritten(SOURCE, function="Shop.sell", old=old, new=new)


@pytest.mark.parametrize(
    ("old", "new", "becomes"),
    [
        ("round(item.price, 2)", "item.price", "price = item.price"),
        ("price > 0", "price >= 0", "if price >= 0:"),
        ("price=price", "price=0", "each.tell(price=0, item=item)"),
        ("price=price", "", "each.tell(item=item)"),
        ("item=item", "item=item, at=now", "each.tell(price=price, item=item, at=now)"),
        ("each.tell(price=price, item=item)", "pass", "            pass"),
        ("if price > 0:\n  return price\nreturn None", "return price", "        return price"),
        ("round(item.price, ...)", "ceil(item.price, ...)", "ceil(item.price, 2)"),
        ("each.tell(...)", "self.tell(each, ...)", "self.tell(each, price=price, item=item)"),
        ("for each in self.seen:\n  each.tell(price=price, item=item)", "", ""),
        ("each.tell(price=price, item=item)", "", "for each in self.seen:\n            pass"),
    ],
)
def test_code_of_a_function_is_changed_whatever_its_layout(
    old: str, new: str, becomes: str
) -> None:
    changed = sold(old, new)

    ast.parse(changed)
    assert becomes in changed
    assert len(changed.splitlines()) <= len(ast.unparse(ast.parse(SOURCE)).splitlines())
    assert changed != ast.unparse(ast.parse(SOURCE))


@pytest.mark.parametrize("old", ["item", "price > 1", "known", "{known: 1}"])
def test_code_that_is_not_there_exactly_once_is_not_changed(old: str) -> None:
    with pytest.raises(ValueError, match="found"):
        sold(old, "nothing")


def test_a_function_is_found_by_the_end_of_its_name_and_its_code(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    (package / "till").mkdir(parents=True)
    (package / "till" / "selling.py").write_text(SOURCE)
    (package / "till" / "others.py").write_text("def other():\n    return known\n")

    def place(function: str, old: str) -> Path:
        return changed_file(package, function=function, old=old, new="new")[0]

    assert place("sell", "price > 0") == package / "till" / "selling.py"
    assert place("other", "{known: 1}") == package / "till" / "selling.py"
    assert place("others.other", "known") == package / "till" / "others.py"
    for function, old in (("other", "known"), ("sell", "known"), ("buy", "price")):
        with pytest.raises(ValueError, match="says this in"):
            place(function, old)
