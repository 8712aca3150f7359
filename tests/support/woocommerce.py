"""What WooCommerce sends of a customer: a body of the documented shape."""

from typing import Any, Final

CUSTOMER: Final[dict[str, Any]] = {
    "id": 25,
    "date_created_gmt": "2026-11-21T09:00:00",
    "date_modified_gmt": "2026-11-21T10:00:00",
    "email": "ana@example.com",
    "first_name": "Ana",
    "last_name": "Lund",
    "role": "customer",
    "username": "ana",
    "billing": {"first_name": "Ana", "email": "ana@example.com", "phone": "+33612345678"},
    "is_paying_customer": False,
    "_links": {
        "self": [{"href": "https://example.com/wp-json/wc/v3/customers/25"}],
        "collection": [{"href": "https://example.com/wp-json/wc/v3/customers"}],
    },
}
