"""The only code that talks to DynamoDB: operations in, items out, errors under our own names."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any, Final, Protocol, cast

from loyalty.domain.kernel.errors import TooLarge, TryAgain
from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import AwsService, ServiceError
from loyalty.table.operations import (
    Absent,
    Action,
    AnyOf,
    Assign,
    Check,
    Compare,
    Condition,
    Delete,
    Increase,
    Item,
    Key,
    Missing,
    Operation,
    Path,
    Put,
    Query,
    QueryPage,
    Refused,
    Remove,
    Transient,
    Update,
    Value,
    validate_transaction,
)
from loyalty.table.sizes import require_sizes

BATCH_GET_MAX: Final = 100
# The highest version (`v`) of items that this code can read.
VERSION_MAX: Final = 2
ATTEMPTS_MAX: Final = 5

_TRANSIENT_CODES: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_TRANSIENT_REASONS: Final = frozenset(
    {"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
)
_OUTGROWN: Final = "Its record would be larger than the table takes"
_VERBS: Final = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


class Engine(Protocol):
    """What a table can do. Raises `Refused` and `Transient`."""

    def get(self, key: Key, *, strong: bool) -> Item | None: ...

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        """The items that exist, by key. A hundred keys are one request."""
        ...

    def query(self, query: Query) -> QueryPage: ...

    def write(self, operations: Sequence[Operation]) -> None:
        """All of it or nothing."""
        ...


class Persistent:
    """An engine that repeats a call, unchanged, while the fault is transient.

    It gives up with `TryAgain`; whether the last attempt took effect is then unknown.

    Repeating a call after a lost answer is safe, because its cause guards the first operation of
    a transaction: the second attempt is refused and finds what the first one wrote.
    """

    def __init__(self, engine: Engine, *, pause: Callable[[int], None]) -> None:
        self._engine = engine
        self._pause = pause

    def get(self, key: Key, *, strong: bool) -> Item | None:
        return self._again(lambda: self._engine.get(key, strong=strong))

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        return self._again(lambda: self._engine.get_many(keys, strong=strong))

    def query(self, query: Query) -> QueryPage:
        return self._again(lambda: self._engine.query(query))

    def write(self, operations: Sequence[Operation]) -> None:
        validate_transaction(operations)
        require_sizes(operations)
        self._again(lambda: self._engine.write(operations))

    def _again[T](self, call: Callable[[], T]) -> T:
        for attempt in range(1, ATTEMPTS_MAX):
            try:
                return call()
            except Transient:
                self._pause(attempt)
        try:
            return call()
        except Transient as fault:
            raise TryAgain(
                "The table did not answer in time; send the same request again"
            ) from fault


class DynamoEngine:
    """The table in DynamoDB."""

    def __init__(self, service: AwsService, *, table: str) -> None:
        self._service = service
        self._table = table

    def get(self, key: Key, *, strong: bool) -> Item | None:
        answer = self._call(
            "GetItem",
            {"TableName": self._table, "Key": _key_to_wire(key), "ConsistentRead": strong},
        )
        return _item_from_wire(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        for some in batched(dict.fromkeys(keys), BATCH_GET_MAX, strict=False):
            found |= self._get_batch(some, strong=strong)
        return found

    def _get_batch(self, keys: Iterable[Key], *, strong: bool) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        missing = [_key_to_wire(key) for key in keys]
        for _ in range(ATTEMPTS_MAX):
            keys_request = {self._table: {"Keys": missing, "ConsistentRead": strong}}
            answer = self._call("BatchGetItem", {"RequestItems": keys_request})
            for wire in answer["Responses"].get(self._table, ()):
                item = _item_from_wire(wire)
                found[key_of(item)] = item
            missing = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if not missing:
                return found
        raise Transient("keys stayed unprocessed")

    def query(self, query: Query) -> QueryPage:
        answer = self._call("Query", _query_to_wire(query, table=self._table))
        items = tuple(_item_from_wire(wire) for wire in answer.get("Items", ()))
        more = answer.get("LastEvaluatedKey")
        return QueryPage(items, _item_from_wire(more) if more else None, answer["Count"])

    def scan(self, *, segment: int, segments: int, after: Key | None) -> QueryPage:
        """A page of one segment of the whole table, in no order, read strongly."""
        start = {"ExclusiveStartKey": _key_to_wire(after)} if after else {}
        answer = self._call(
            "Scan",
            {
                "TableName": self._table,
                "Segment": segment,
                "TotalSegments": segments,
                "ConsistentRead": True,
                **start,
            },
        )
        items = tuple(_item_from_wire(wire) for wire in answer["Items"])
        more = answer.get("LastEvaluatedKey")
        return QueryPage(items, _item_from_wire(more) if more else None)

    def write(self, operations: Sequence[Operation]) -> None:
        if len(operations) == 1:
            self._write_one(operations[0])
            return
        transaction = {
            "TransactItems": [_operation_to_wire(o, table=self._table) for o in operations]
        }
        try:
            self._call("TransactWriteItems", transaction)
        except ServiceError as error:
            cancellation = _cancellation(error)
            if cancellation is None:
                raise
            raise cancellation from error

    def _write_one(self, operation: Operation) -> None:
        ((verb, arguments),) = _operation_to_wire(operation, table=self._table).items()
        if verb == _VERBS[Check]:
            raise ValueError("a check alone changes nothing")
        try:
            self._call(f"{verb}Item", arguments)
        except ServiceError as error:
            if _tells_of_size(error.message):
                raise TooLarge(_OUTGROWN) from error
            if error.code != "ConditionalCheckFailedException":
                raise
            item = error.answer.get("Item")
            raise Refused({0: _item_from_wire(item) if item else None}) from error

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._service.call(operation, parameters)
        except ServiceError as error:
            if error.code in _TRANSIENT_CODES or error.is_passing:
                raise Transient(error.code) from error
            raise
        except Unanswered as error:
            raise Transient(str(error)) from error


def every(engine: Engine, query: Query) -> Iterator[Item]:
    """Every item that a query finds, page after page."""
    for page in pages(engine, query):
        yield from page


def pages(engine: Engine, query: Query) -> Iterator[QueryPage]:
    while True:
        page = engine.query(query)
        yield page
        if page.next is None:
            return
        query = replace(query, start=page.next)


def key_of(item: Item) -> Key:
    """The address an item carries."""
    return Key(cast("str", item["pk"]), cast("str", item["sk"]))


def _cancellation(error: ServiceError) -> Exception | None:
    """What the failure of a transaction means: refused or transient; None: our own mistake."""
    reasons = error.answer.get("CancellationReasons")
    if error.code != "TransactionCanceledException" or reasons is None:
        return None
    codes = {reason.get("Code") for reason in reasons} - {"None", None}
    if "ConditionalCheckFailed" in codes:
        return Refused(
            {
                index: _item_from_wire(reason["Item"]) if reason.get("Item") else None
                for index, reason in enumerate(reasons)
                if reason.get("Code") == "ConditionalCheckFailed"
            }
        )
    if any(_tells_of_size(reason.get("Message")) for reason in reasons):
        return TooLarge(_OUTGROWN)
    if codes and codes <= _TRANSIENT_REASONS:
        return Transient(", ".join(sorted(codes)))
    return None


def _tells_of_size(message: str | None) -> bool:
    """Whether an item would outgrow what the table takes; there is no code of its own for it."""
    return "item size" in (message or "").lower()


class _Expressions:
    """The names and values of one operation's expressions, each listed once."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def path(self, path: Path) -> str:
        return ".".join(self.names.setdefault(name, f"#{len(self.names)}") for name in path)

    def value(self, value: Value) -> str:
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = to_wire(value)
        return placeholder

    def condition(self, conditions: Iterable[Condition]) -> str:
        return " AND ".join(self._condition(condition) for condition in conditions)

    def _condition(self, condition: Condition) -> str:
        match condition:
            case Absent():
                return f"attribute_not_exists({self.path(('pk',))})"
            case Missing(path):
                return f"attribute_not_exists({self.path(path)})"
            case Compare(path, relation, value):
                return f"{self.path(path)} {relation} {self.value(value)}"
            case AnyOf(conditions):
                return f"({' OR '.join(self._condition(each) for each in conditions)})"

    def update(self, actions: Iterable[Action]) -> str:
        sets: list[str] = []
        removes: list[str] = []
        for action in actions:
            path = self.path(action.path)
            match action:
                case Assign(_, value):
                    sets.append(f"{path} = {self.value(value)}")
                case Increase(_, amount):
                    zero, by = self.value(0), self.value(amount)
                    sets.append(f"{path} = if_not_exists({path}, {zero}) + {by}")
                case Remove():
                    removes.append(path)
        clauses = [f"SET {', '.join(sets)}"] if sets else []
        clauses += [f"REMOVE {', '.join(removes)}"] if removes else []
        return " ".join(clauses)


def _operation_to_wire(operation: Operation, *, table: str) -> dict[str, dict[str, Any]]:
    expressions = _Expressions()
    wire: dict[str, Any] = {"TableName": table}
    if isinstance(operation, Put):
        wire["Item"] = item_to_wire(operation.item | operation.key._asdict())
    else:
        wire["Key"] = _key_to_wire(operation.key)
    if isinstance(operation, Update):
        wire["UpdateExpression"] = expressions.update(operation.actions)
    if operation.conditions:
        wire["ConditionExpression"] = expressions.condition(operation.conditions)
        wire["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if expressions.names:
        wire["ExpressionAttributeNames"] = {
            short: name for name, short in expressions.names.items()
        }
    if expressions.values:
        wire["ExpressionAttributeValues"] = expressions.values
    return {_VERBS[type(operation)]: wire}


def _query_to_wire(query: Query, *, table: str) -> dict[str, Any]:
    expressions = _Expressions()
    prefix = f"{query.index}_" if query.index else ""
    clauses = [f"{expressions.path((f'{prefix}pk',))} = {expressions.value(query.pk)}"]
    # DynamoDB refuses a name that no expression uses, so the sort key is named only where needed.
    sort = (f"{prefix}sk",)
    if query.begins_with is not None:
        clauses.append(
            f"begins_with({expressions.path(sort)}, {expressions.value(query.begins_with)})"
        )
    elif query.first is not None and query.last is not None:
        bounds = f"{expressions.value(query.first)} AND {expressions.value(query.last)}"
        clauses.append(f"{expressions.path(sort)} BETWEEN {bounds}")
    elif query.first is not None:
        clauses.append(f"{expressions.path(sort)} >= {expressions.value(query.first)}")
    elif query.last is not None:
        clauses.append(f"{expressions.path(sort)} <= {expressions.value(query.last)}")
    wire: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": " AND ".join(clauses),
        "ExpressionAttributeNames": {short: name for name, short in expressions.names.items()},
        "ExpressionAttributeValues": expressions.values,
        "ScanIndexForward": not query.newest_first,
        "Limit": query.limit,
    }
    if query.index:
        wire["IndexName"] = query.index
    elif query.strong:
        wire["ConsistentRead"] = True
    if query.only_counts:
        wire["Select"] = "COUNT"
    if query.start:
        wire["ExclusiveStartKey"] = item_to_wire(query.start)
    return wire


def to_wire(value: Value) -> dict[str, Any]:
    """A value as DynamoDB's JSON. All numbers are integers."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": b64encode(value).decode()}
        case list():
            return {"L": [to_wire(each) for each in value]}
        case dict():
            return {"M": item_to_wire(value)}


def from_wire(wire: Mapping[str, Any]) -> Value:
    """A value from DynamoDB's JSON."""
    ((kind, value),) = wire.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value)
        case "B":
            return b64decode(value)
        case "L":
            return [from_wire(each) for each in value]
        case "M":
            return {name: from_wire(each) for name, each in value.items()}
        case "BOOL" | "S":
            return cast("Value", value)
    raise ValueError(f"an item holds a value of kind {kind}, which nothing here writes")


def item_to_wire(item: Mapping[str, Value]) -> dict[str, Any]:
    return {name: to_wire(value) for name, value in item.items()}


def _item_from_wire(wire: Mapping[str, Any]) -> Item:
    return require_known_version({name: from_wire(value) for name, value in wire.items()})


def require_known_version(item: Item) -> Item:
    """Give an item as it is, unless newer code wrote it in a form that this code does not know.

    Raises:
        TryAgain: its version is unknown. The newer code can read it, once it runs here again.
    """
    version = item.get("v", VERSION_MAX)
    if not isinstance(version, int) or version > VERSION_MAX:
        raise TryAgain("A newer version of this service wrote this; try again later")
    return item


def _key_to_wire(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
