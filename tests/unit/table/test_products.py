"""Products that the table remembers."""

from datetime import UTC, datetime

from local.memory import MemoryEngine
from loyalty.domain.shops.products import REMEMBERED_FOR, Product, RememberedProduct
from loyalty.table.operations import Key
from loyalty.table.products import TableProducts

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PRODUCTS = {
    "1": Product(sku="MUG", categories=("Mugs", "Sale"), brand="House", tags=("new",)),
    "2": Product(),
}


def test_products_are_read_back_as_they_were_remembered() -> None:
    products = TableProducts(MemoryEngine(), program_id="bean")

    products.remember("online", PRODUCTS, now=NOW)

    assert products.find("online", ["1", "2", "3"]) == {
        name: RememberedProduct(product, NOW) for name, product in PRODUCTS.items()
    }
    assert products.find("till", ["1"]) == {}


def test_a_product_is_stored_under_names_that_never_change_and_until_it_is_too_old() -> None:
    engine = MemoryEngine()

    TableProducts(engine, program_id="bean").remember("online", PRODUCTS, now=NOW)

    item = engine.items[Key("PROGRAM#bean#STOREFRONT#online#PRODUCT#1", "PRODUCT")]
    assert item == item | {
        "kind": "product",
        "v": 1,
        "sku": "MUG",
        "categories": ["Mugs", "Sale"],
        "brand": "House",
        "tags": ["new"],
        "read_at": "2026-11-21T10:00:00.000000Z",
        "ttl": int((NOW + REMEMBERED_FOR).timestamp()),
    }
