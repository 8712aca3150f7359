"""The functions and what they may do, the routes, the queues."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.names import pascal
from infra.routes import ROUTES, Throttle, at_gateway
from tests.infra.assembly import FUNCTIONS, Assembly, Template, stand_in_build, synthesize

HANDLERS = Path(__file__).resolve().parents[2] / "functions"

TABLE = "Ledger/Table"
HISTORY = "Ledger/Table/index/history"
EXPIRING = "Ledger/Table/index/expiring"
REMINDING = "Ledger/Table/index/reminding"
SES = "arn:<Partition>:ses:<Region>:<AccountId>"
IDENTITY_SECRET = "Secrets/Identity"
STOREFRONT_SECRETS = (
    "arn:<Partition>:secretsmanager:<Region>:<AccountId>:secret:loyalty/{stage}/storefronts/*"
)
ENDPOINT_SECRETS = (
    "arn:<Partition>:secretsmanager:<Region>:<AccountId>:secret:loyalty/{stage}/endpoints/*"
)
FACTS = "Buckets/Lake/facts/*"
NEIGHBORS = "Buckets/Lake/facts/neighbors/*"
DELIVERIES = "Buckets/Inbox/*"
EXPORTED = "Buckets/Exports"

GET = {"dynamodb:GetItem"}
MOVE_POINTS = {
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
}
READ_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
READ_SECRET = {"secretsmanager:GetSecretValue"}

CONSUME = {
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
# Lambda writes with the rights of the function.
KEEP_FAILED_BATCHES = {
    "Buckets/FailedBatches": {"s3:ListBucket"},
    "Buckets/FailedBatches/*": {"s3:PutObject"},
}
WORK_QUEUE = CONSUME | {"sqs:SendMessage"}

# Beside its own log, all that each function may do.
RIGHTS: Mapping[str, Mapping[str, set[str]]] = {
    "authorizer": {},
    "registry": {
        TABLE: {
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        },
        "Identities/ServicesPool": {
            "cognito-idp:CreateUserPoolClient",
            "cognito-idp:DeleteUserPoolClient",
        },
        "Identities/StaffPool": {
            "cognito-idp:AdminAddUserToGroup",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminDeleteUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminListGroupsForUser",
            "cognito-idp:AdminRemoveUserFromGroup",
            "cognito-idp:CreateGroup",
            "cognito-idp:ListUsersInGroup",
        },
    },
    "overview": {
        TABLE: {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        },
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
    },
    "program": {
        TABLE: {
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        },
        HISTORY: {"dynamodb:Query"},
        "CompactionWork/Pages/Queue": {"sqs:SendMessage"},
    },
    "storefronts": {
        TABLE: {
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        "Buckets/Inbox": {"s3:ListBucket"},
        DELIVERIES: {"s3:GetObject"},
        "IntakeQueue/Queue": {"sqs:SendMessage"},
        STOREFRONT_SECRETS: READ_SECRET
        | {
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:PutSecretValue",
        },
    },
    "enrollment": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        "IntakeQueue/Queue": {"sqs:SendMessage"},
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
    },
    "accrual": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
    },
    "adjustments": {
        TABLE: MOVE_POINTS | {"dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
    },
    "campaigns": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
        "CompactionWork/Pages/Queue": {"sqs:SendMessage"},
    },
    "redemption": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
        "Buckets/Lake": {"s3:ListBucket"},
        NEIGHBORS: {"s3:GetObject"},
    },
    "console": {},
    "reporting": {
        TABLE: GET,
        "Buckets/Lake": {"s3:ListBucket"},
        FACTS: {"s3:GetObject"},
    },
    "webhooks": {
        TABLE: GET | {"dynamodb:PutItem of INBOX#*"},
        STOREFRONT_SECRETS: READ_SECRET,
        DELIVERIES: {"s3:PutObject"},
        "IntakeQueue/Queue": {"sqs:SendMessage"},
    },
    "intake": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
        STOREFRONT_SECRETS: READ_SECRET,
        "Buckets/Inbox": {"s3:ListBucket"},
        DELIVERIES: {"s3:GetObject"},
        "IntakeQueue/Queue": WORK_QUEUE,
    },
    "relay": {
        f"{TABLE}.StreamArn": READ_STREAM,
        "Bus": {"events:PutEvents"},
        TABLE: GET | {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"},
        "WebhooksOutQueues/Events/Queue": {"sqs:SendMessage"},
        "OrdersToCount/Queue": {"sqs:SendMessage"},
        **KEEP_FAILED_BATCHES,
    },
    "archive": {
        f"{TABLE}.StreamArn": READ_STREAM,
        TABLE: {"dynamodb:PutItem", "dynamodb:Query"},
        FACTS: {"s3:PutObject", "s3:PutObjectTagging"},
        **KEEP_FAILED_BATCHES,
    },
    "expiry": {
        TABLE: GET | {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        EXPIRING: {"dynamodb:Query"},
        "ExpiryWork/Pages/Queue": WORK_QUEUE,
    },
    "audit": {
        TABLE: GET | {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        # It has recent orders counted once more.
        "OrdersToCount/Queue": {"sqs:SendMessage"},
        "Buckets/Lake": {"s3:ListBucket"},
        FACTS: {"s3:GetObject"},
        "AuditWork/Pages/Queue": WORK_QUEUE,
    },
    "privacy": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        IDENTITY_SECRET: READ_SECRET,
        STOREFRONT_SECRETS: {"secretsmanager:DeleteSecret"},
        "Buckets/Inbox": {"s3:ListBucket"},
        DELIVERIES: {"s3:DeleteObject", "s3:GetObject"},
        "*": {"ses:DeleteSuppressedDestination"},
        "PrivacyWork/Pages/Queue": WORK_QUEUE,
    },
    "compaction": {
        TABLE: GET
        | {
            "dynamodb:BatchGetItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        HISTORY: {"dynamodb:Query"},
        "Buckets/Lake": {"s3:ListBucket"},
        FACTS: {"s3:DeleteObject", "s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"},
        "CompactionWork/Pages/Queue": WORK_QUEUE,
        "OrdersToCount/Queue": {"sqs:SendMessage"},
    },
    "rebuild": {
        TABLE: {"dynamodb:Scan"},
        FACTS: {"s3:PutObject", "s3:PutObjectTagging"},
        "RebuildWork/Pages/Queue": WORK_QUEUE,
    },
    "reminders": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        REMINDING: {"dynamodb:Query"},
        "RemindersWork/Pages/Queue": WORK_QUEUE,
    },
    "engagement": {
        TABLE: MOVE_POINTS
        | {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        "OrdersToCount/Queue": WORK_QUEUE,
    },
    "notifications": {
        TABLE: MOVE_POINTS,
        IDENTITY_SECRET: READ_SECRET,
        "Messages/Queue": CONSUME,
        f"{SES}:identity/club@beanleaf.example": {"ses:SendEmail"},
        f"{SES}:identity/beanleaf.example": {"ses:SendEmail"},
        SES + ":configuration-set/Loyalty-{stage}-Mail": {"ses:SendEmail"},
    },
    "webhooks_out": {
        TABLE: GET | {"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        ENDPOINT_SECRETS: READ_SECRET
        | {
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:PutSecretValue",
        },
        "WebhooksOutQueues/Events/Queue": CONSUME,
        "WebhooksOutQueues/Deliveries/Queue": CONSUME | {"sqs:SendMessage"},
    },
    "codes": {
        TABLE: GET | {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"},
        STOREFRONT_SECRETS: READ_SECRET,
        "ShopCodes/Queue": CONSUME,
    },
    "exports": {
        TABLE: GET | {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"},
        HISTORY: {"dynamodb:Query"},
        "Buckets/Lake": {"s3:ListBucket"},
        FACTS: {"s3:GetObject"},
        EXPORTED: {"s3:ListBucket"},
        **{
            f"{EXPORTED}/{folder}/*": {"s3:GetObject", "s3:PutObject"}
            for folder in ("files", "trials", "trial-parts")
        },
        "ReportExports/Queue": WORK_QUEUE,
    },
}

# The environment variables of every function, in addition to its own settings.
COMMON_VARIABLES = {
    "LOYALTY_STAGE",
    "LOYALTY_SERVICE",
    "LOYALTY_METRICS_NAMESPACE",
}


def rights(assembly: Assembly, function: Mapping[str, Any]) -> dict[str, set[str]]:
    """What a function's role may do: actions by resource, maybe `of` some keys only."""
    policies = [
        policy
        for policy in assembly.service.of_type("IAM::Policy").values()
        if assembly.render(function["Role"]) in {assembly.render(role) for role in policy["Roles"]}
    ]
    allowed: dict[str, set[str]] = defaultdict(set)
    for policy in policies:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            of_keys = ""
            if "Condition" in statement:
                (keys,) = statement["Condition"]["ForAllValues:StringLike"].values()
                of_keys = f" of {' '.join(keys)}"
            for resource in listed(statement["Resource"]):
                actions = {f"{action}{of_keys}" for action in listed(statement["Action"])}
                allowed[assembly.render(resource)] |= actions
    return dict(allowed)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def ids_by_name(service: Template) -> dict[str, str]:
    """The logical id of each function."""
    return {
        properties["Environment"]["Variables"]["LOYALTY_SERVICE"]: logical_id
        for logical_id, properties in service.of_type("Lambda::Function").items()
    }


def fed_queues(service: Template) -> dict[str, list[Any]]:
    """The queues that a function consumes, by the name of the function."""
    names = {logical_id: name for name, logical_id in ids_by_name(service).items()}
    queues = service.of_type("SQS::Queue")
    fed: dict[str, list[Any]] = defaultdict(list)
    for mapping in service.of_type("Lambda::EventSourceMapping").values():
        if (source := mapping["EventSourceArn"].get("Fn::GetAtt", [""])[0]) in queues:
            fed[names[service.function_id(mapping["FunctionName"])]].append(queues[source])
    return fed


def dead_letter_queues(service: Template) -> set[str]:
    """The logical ids of the queues that something gives up to."""
    return {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in service.of_type("SQS::Queue").values()
        if "RedrivePolicy" in queue
    }


def test_there_is_one_function_for_each_capability(deployed: Assembly) -> None:
    assert sorted(name for name, _ in deployed.service.functions()) == sorted(FUNCTIONS)


def test_each_function_may_do_what_it_needs_and_nothing_else(deployed: Assembly) -> None:
    stage = "prod" if "Loyalty-prod-Api" in str(deployed.service.resources) else "dev"
    expected = {
        name: {resource.format(stage=stage): actions for resource, actions in needs.items()}
        | {f"{pascal(name)}/Log": {"logs:CreateLogStream", "logs:PutLogEvents"}}
        for name, needs in RIGHTS.items()
    }

    found = {name: rights(deployed, each) for name, each in deployed.service.functions()}

    assert found == expected


def test_mail_may_be_sent_as_the_identity_that_is_verified_for_it(optional: Assembly) -> None:
    functions = dict(optional.service.functions())

    allowed = rights(optional, functions["notifications"])

    assert f"{SES}:identity/verified.example" in allowed


def test_no_two_functions_share_a_role_and_none_has_a_managed_policy(deployed: Assembly) -> None:
    roles = [str(function["Role"]) for _, function in deployed.service.functions()]

    assert len(set(roles)) == len(FUNCTIONS)
    for role in deployed.service.of_type("IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        assert "Policies" not in role


def test_each_function_gets_the_variables_that_its_settings_declare(deployed: Assembly) -> None:
    for name, function in deployed.service.functions():
        handler = importlib.import_module(f"functions.{name}.handler")
        fields = dataclasses.fields(getattr(handler, f"{pascal(name)}Settings"))
        declared = {f"LOYALTY_{field.name.upper()}" for field in fields}
        optional = {
            f"LOYALTY_{field.name.upper()}"
            for field in fields
            if field.default is not dataclasses.MISSING
        }

        found = set(function["Environment"]["Variables"])
        assert COMMON_VARIABLES | declared - optional <= found, name
        assert found <= COMMON_VARIABLES | declared, name


def test_functions_run_on_the_chosen_architecture(dev: Assembly, prod: Assembly) -> None:
    for assembly, architecture in ((dev, "arm64"), (prod, "x86_64")):
        for _, function in assembly.service.functions():
            assert function["Architectures"] == [architecture]
            assert function["Runtime"] == "python3.13"
            assert function["Handler"] == "handler.handler"


def test_large_layers_are_only_on_the_functions_that_need_them(deployed: Assembly) -> None:
    layers = {
        name: sorted(deployed.render(layer) for layer in function["Layers"])
        for name, function in deployed.service.functions()
    }

    common = ["Layers/Dependencies", "Layers/Loyalty"]
    assert layers.pop("reporting") == ["Layers/Analytics", *common]
    assert layers.pop("compaction") == ["Layers/Analytics", *common]
    assert layers.pop("exports") == ["Layers/Analytics", *common]
    assert layers.pop("notifications") == [*common, "Layers/Messages"]
    assert layers.pop("authorizer") == [*common, "Layers/Tokens"]
    assert all(carried == common for carried in layers.values())


@pytest.mark.parametrize(("stage", "days"), [("dev", 14), ("prod", 90)])
def test_every_log_ends_one_day(stage: str, days: int, request: pytest.FixtureRequest) -> None:
    assembly: Assembly = request.getfixturevalue(stage)
    groups = assembly.service.of_type("Logs::LogGroup")

    written_to = {
        function["LoggingConfig"]["LogGroup"]["Ref"] for _, function in assembly.service.functions()
    }

    assert written_to < set(groups)
    assert {group["RetentionInDays"] for group in groups.values()} == {days}


def test_the_api_has_the_routes_that_are_declared(deployed: Assembly) -> None:
    routes = deployed.service.of_type("ApiGatewayV2::Route").values()

    assert sorted(route["RouteKey"] for route in routes) == sorted(
        route.key for route in at_gateway(ROUTES)
    )


def test_all_routes_but_twelve_take_a_token(deployed: Assembly) -> None:
    routes = deployed.service.of_type("ApiGatewayV2::Route").values()

    assert {route["AuthorizationType"] for route in routes} == {"CUSTOM", "NONE"}
    assert {route["RouteKey"] for route in routes if route["AuthorizationType"] == "NONE"} == {
        "$default",
        "GET /v1/console",
        "GET /v1/console/assets/{proxy+}",
        "GET /v1/openapi.json",
        "GET /v1/programs/{program_id}/jwks.json",
        "GET /v1/programs/{program_id}/referrals/{referral_code}",
        "GET /v1/programs/{program_id}/reports",
        "POST /v1/programs/{program_id}/webhooks/{storefront_id}",
        "GET /v1/programs/{program_id}/unsubscribe/{token}",
        "POST /v1/programs/{program_id}/unsubscribe/{token}",
        "GET /v1/programs/{program_id}/survey-links/{token}",
        "POST /v1/programs/{program_id}/survey-links/{token}",
    }


def test_the_gateway_asks_the_authorizer_about_a_token_and_remembers_what_it_says(
    deployed: Assembly,
) -> None:
    (authorizer,) = deployed.service.of_type("ApiGatewayV2::Authorizer").values()

    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 300
    assert "Authorizer" in deployed.render(authorizer["AuthorizerUri"])


def test_each_pool_is_trusted_for_one_kind_of_callers(deployed: Assembly) -> None:
    authorizer = dict(deployed.service.functions())["authorizer"]["Environment"]["Variables"]
    trusted = {
        name.removeprefix("LOYALTY_"): deployed.render(value)
        for name, value in authorizer.items()
        if name.endswith(("_ISSUER", "_AUDIENCE"))
    }

    cognito = "https://cognito-idp.<Region>.amazonaws.com"
    assert trusted == {
        "MEMBERS_ISSUER": f"{cognito}/Identities/UserPool",
        "MEMBERS_AUDIENCE": "Identities/UserPool/Mobile",
        "STAFF_ISSUER": f"{cognito}/Identities/StaffPool",
        "STAFF_AUDIENCE": "ConsoleClient",
        "SERVICES_ISSUER": f"{cognito}/Identities/ServicesPool",
        # The table says which clients are services.
        "SERVICES_AUDIENCE": "",
    }


def test_every_route_is_throttled(deployed: Assembly) -> None:
    (stage,) = deployed.service.of_type("ApiGatewayV2::Stage").values()

    default, settings = stage["DefaultRouteSettings"], stage["RouteSettings"]

    for route in at_gateway(ROUTES):
        limits = settings.get(route.key, default)
        assert limits["ThrottlingRateLimit"] == route.throttle.value.rate
        assert limits["ThrottlingBurstLimit"] == route.throttle.value.burst
    for limits in (default, *settings.values()):
        assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"]


def test_only_routes_that_differ_from_the_common_throttle_have_settings(
    deployed: Assembly,
) -> None:
    """A stage keeps the settings of a route that is gone, and refuses every update from then on."""
    (stage,) = deployed.service.of_type("ApiGatewayV2::Stage").values()

    assert stage["RouteSettings"].keys() == {
        route.key for route in at_gateway(ROUTES) if route.throttle is not Throttle.WRITE
    }


def test_a_queue_s_messages_are_tried_often_enough_and_can_be_looked_at_when_they_are_given_up(
    deployed: Assembly,
) -> None:
    queues = deployed.service.of_type("SQS::Queue")
    fed = [queue for queue in queues.values() if "RedrivePolicy" in queue]

    assert fed
    for queue in fed:
        # AWS recommends at least five: attempts that Lambda throttled count too.
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
        # A message takes its age along into the dead letters.
        assert queue["MessageRetentionPeriod"] == 10 * 86_400
    for logical_id, queue in queues.items():
        if logical_id in dead_letter_queues(deployed.service):
            assert queue["MessageRetentionPeriod"] == 14 * 86_400


def test_route_settings_wait_for_the_routes_that_they_name(deployed: Assembly) -> None:
    (stage,) = (
        resource
        for resource in deployed.service.resources.values()
        if resource["Type"] == "AWS::ApiGatewayV2::Stage"
    )

    assert set(deployed.service.of_type("ApiGatewayV2::Route")) <= set(stage["DependsOn"])


def test_the_access_log_names_the_route_but_neither_path_nor_caller(deployed: Assembly) -> None:
    (stage,) = deployed.service.of_type("ApiGatewayV2::Stage").values()

    written = stage["AccessLogSettings"]["Format"]

    assert "$context.routeKey" in written
    assert "$context.requestId" in written
    for personal in ("$context.path", "sourceIp", "userAgent", "claims"):
        assert personal not in written


def test_orders_are_queued_in_order_and_one_does_not_wait_for_another(
    deployed: Assembly,
) -> None:
    (queue,) = fed_queues(deployed.service)["intake"]

    assert queue["FifoQueue"] is True
    assert queue["ContentBasedDeduplication"] is False
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"


def test_a_message_stays_hidden_for_six_timeouts_of_its_consumer(deployed: Assembly) -> None:
    functions = dict(deployed.service.functions())
    queues = fed_queues(deployed.service)

    assert set(queues) == {
        "intake", "expiry", "audit", "compaction", "privacy", "rebuild", "reminders",
        "notifications", "webhooks_out", "codes", "exports", "engagement",
    }  # fmt: skip
    for name, fed in queues.items():
        for queue in fed:
            # A file is made by one of few functions that are never throttled, and an attempt that
            # was killed shall not wait for an hour and a half.
            timeouts = 1 if name == "exports" else 6
            assert queue["VisibilityTimeout"] >= timeouts * functions[name]["Timeout"]


def test_dead_letters_are_kept_for_two_weeks_in_a_queue_of_the_same_kind(
    deployed: Assembly,
) -> None:
    queues = deployed.service.of_type("SQS::Queue")
    (source,) = fed_queues(deployed.service)["intake"]
    intake_letters = source["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]

    letters = dead_letter_queues(deployed.service)

    assert len(letters) == 13
    assert {queues[each]["MessageRetentionPeriod"] for each in letters} == {14 * 24 * 3600}
    assert {each for each in letters if queues[each].get("FifoQueue")} == {intake_letters}


def test_the_stream_has_two_readers_that_split_retry_and_then_park(deployed: Assembly) -> None:
    mappings = deployed.service.of_type("Lambda::EventSourceMapping").values()
    readers = [mapping for mapping in mappings if "StartingPosition" in mapping]

    assert len(readers) == 2
    for reader in readers:
        assert deployed.render(reader["EventSourceArn"]) == f"{TABLE}.StreamArn"
        assert reader["StartingPosition"] == "TRIM_HORIZON"
        assert reader["BisectBatchOnFunctionError"] is True
        # Time and not a number of attempts ends them: an outage of an hour is survived.
        assert reader["MaximumRetryAttempts"] == -1
        assert 3600 < reader["MaximumRecordAgeInSeconds"] <= 12 * 3600
        # Received deliveries hold personal data, and are nothing to readers.
        (chosen,) = reader["FilterCriteria"]["Filters"]
        keys = {"pk": {"S": [{"prefix": "PROGRAM#"}]}}
        assert json.loads(chosen["Pattern"]) == {"dynamodb": {"Keys": keys}}
        kept_in = reader["DestinationConfig"]["OnFailure"]["Destination"]
        assert deployed.render(kept_in) == "Buckets/FailedBatches"


def test_a_fact_is_in_the_reports_within_two_minutes_of_the_write(deployed: Assembly) -> None:
    """Every response lists the lake again, so only gathering and writing facts takes time."""
    mappings = deployed.service.of_type("Lambda::EventSourceMapping").values()
    (gathered_s,) = {
        mapping["MaximumBatchingWindowInSeconds"]
        for mapping in mappings
        if deployed.service.function_id(mapping["FunctionName"])
        == ids_by_name(deployed.service)["archive"]
    }
    written_s = dict(deployed.service.functions())["archive"]["Timeout"]

    assert gathered_s == 30
    assert gathered_s + written_s <= 120


def test_every_queue_and_stream_accepts_failures_of_single_items(deployed: Assembly) -> None:
    mappings = deployed.service.of_type("Lambda::EventSourceMapping").values()

    assert len(mappings) == 15
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def names_of(rule: Mapping[str, Any]) -> list[str]:
    names: list[str] = rule["EventPattern"]["detail-type"]
    return names


def bus_rules(assembly: Assembly) -> dict[str, Any]:
    """What the relay knows of the rules on the bus."""
    (relay,) = (each for name, each in assembly.service.functions() if name == "relay")
    rules: dict[str, Any] = json.loads(relay["Environment"]["Variables"]["LOYALTY_BUS_RULES"])
    return rules


def test_the_relay_knows_what_each_rule_on_the_bus_asks_for(deployed: Assembly) -> None:
    rules_of_relay = bus_rules(deployed)
    ours = [
        rule["EventPattern"]
        for rule in deployed.service.of_type("Events::Rule").values()
        if rule["EventPattern"]["source"] == ["loyalty"]
    ]

    rules_of_bus = [(name, each.get("detail", {})) for each in ours for name in each["detail-type"]]
    assert sorted(
        (name, str(each)) for name, of in rules_of_relay.items() for each in of
    ) == sorted((name, str(detail)) for name, detail in rules_of_bus)
    # An ordinary earn puts nothing on the bus.
    assert rules_of_relay["PointsEarned"] == [{"late": [True]}]
    assert "MemberChanged" not in rules_of_relay


@pytest.mark.parametrize("chosen", [["MemberChanged", "PointsEarned"], ["*"]])
def test_a_stage_may_put_more_events_on_the_bus(chosen: list[str], tmp_path: Path) -> None:
    rules_of_relay = bus_rules(synthesize(tmp_path, bus_events=chosen))

    assert {name: rules_of_relay[name] for name in chosen} == {name: [{}] for name in chosen}
    assert "TierChanged" in rules_of_relay


def test_deliveries_to_endpoints_are_sent_one_by_one(deployed: Assembly) -> None:
    batches = {
        deployed.render(mapping["EventSourceArn"]): mapping["BatchSize"]
        for mapping in deployed.service.of_type("Lambda::EventSourceMapping").values()
    }

    assert batches["WebhooksOutQueues/Deliveries/Queue"] == 1


def test_reminders_receive_changes_as_pages(deployed: Assembly) -> None:
    rules = deployed.service.of_type("Events::Rule").values()
    (rule,) = (each for each in rules if "MemberEnrolled" in names_of(each))
    (target,) = rule["Targets"]

    message = target["InputTransformer"]["InputTemplate"]
    for name, path in target["InputTransformer"]["InputPathsMap"].items():
        assert path in {"$.detail.program_id", "$.detail.member_id"}
        message = message.replace(f"<{name}>", '"x"')
    assert json.loads(message) == {"v": 1, "program_id": "x", "lane": "changed", "items": ["x"]}
    # What an order earns wakes nobody: that would cost a look for each order.
    assert "PointsEarned" not in rule["EventPattern"]["detail-type"]
    (late,) = (each for each in rules if names_of(each) == ["PointsEarned"])
    assert late["EventPattern"]["detail"] == {"late": [True]}
    assert late["Targets"][0]["InputTransformer"] == target["InputTransformer"]


def test_due_mails_come_from_our_bus_and_bounces_from_the_account_s_default_bus(
    deployed: Assembly,
) -> None:
    rules = deployed.service.of_type("Events::Rule").values()
    (due,) = (each for each in rules if names_of(each) == ["MessageDue"])
    (back,) = (each for each in rules if each["EventPattern"]["source"] == ["aws.ses"])
    (mail,) = deployed.service.of_type("SES::ConfigurationSet").values()
    (tells,) = deployed.service.of_type("SES::ConfigurationSetEventDestination").values()

    assert deployed.render(due["EventBusName"]) == "Bus"
    assert "EventBusName" not in back
    ours = back["EventPattern"]["detail"]["mail"]["tags"]["ses:configuration-set"]
    assert ours == [mail["Name"]]
    assert tells["EventDestination"]["MatchingEventTypes"] == ["BOUNCE", "COMPLAINT"]
    assert mail["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}


def test_only_the_bus_may_send_to_the_queues_that_subscribe_to_it(
    deployed: Assembly,
) -> None:
    rules = deployed.service.of_type("Events::Rule")
    heard = {
        (str(arn), rule_id)
        for rule_id, rule in rules.items()
        for target in rule["Targets"]
        for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"])
    }

    allowed = {
        (
            str(statement["Resource"]),
            statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0],
        )
        for policy in deployed.service.of_type("SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    }

    assert allowed == heard


def test_schedules_wake_their_functions_and_may_do_nothing_else(deployed: Assembly) -> None:
    woken = {}
    for schedule in deployed.service.of_type("Scheduler::Schedule").values():
        function = deployed.render(schedule["Target"]["Arn"])
        woken[function] = schedule["ScheduleExpression"]
        assert rights(deployed, {"Role": schedule["Target"]["RoleArn"]}) == {
            function: {"lambda:InvokeFunction"}
        }

    assert woken == {
        "Expiry/Live": "rate(5 minutes)",
        "Intake/Live": "cron(0/5 * * * ? *)",
        "Audit/Live": "cron(15 2 * * ? *)",
        "Compaction/Live": "cron(5 * * * ? *)",
        "Privacy/Live": "rate(1 hour)",
        "Reminders/Live": "rate(5 minutes)",
    }


def test_everything_calls_a_version_with_its_layers(deployed: Assembly) -> None:
    """Updating a function in place switches its code and its layers one after the other."""
    service = deployed.service
    aliases = service.of_type("Lambda::Alias")
    called = [
        *(each["IntegrationUri"] for each in service.of_type("ApiGatewayV2::Integration").values()),
        *(each["FunctionName"] for each in service.of_type("Lambda::EventSourceMapping").values()),
        *(each["Target"]["Arn"] for each in service.of_type("Scheduler::Schedule").values()),
        *(each["FunctionName"] for each in service.of_type("Lambda::Permission").values()),
    ]

    assert len(aliases) == len(FUNCTIONS)
    assert {each["Ref"] for each in called} <= aliases.keys()
    assert {each["Name"] for each in aliases.values()} == {"live"}


def test_another_layer_is_another_version(tmp_path: Path, dev: Assembly) -> None:
    """CloudFormation publishes a version only if the logical id of the version changes."""
    folder = stand_in_build(tmp_path / "changed", "arm64")
    (folder / "arm64" / "layers" / "loyalty.hash").write_text("0" * 64, encoding="ascii")

    changed = synthesize(tmp_path, build_dir=str(folder))

    before, after = (set(each.service.of_type("Lambda::Version")) for each in (dev, changed))
    assert len(before) == len(after) == len(FUNCTIONS)
    assert not before & after


def test_only_versions_of_what_people_wait_for_have_snapshots(
    optional: Assembly, deployed: Assembly
) -> None:
    chosen, usual = (
        {name: function.get("SnapStart") for name, function in each.service.functions()}
        for each in (optional, deployed)
    )

    assert {name for name, snap_start in chosen.items() if snap_start} == {
        *("authorizer", "accrual", "enrollment", "redemption", "webhooks")
    }
    assert chosen["accrual"] == {"ApplyOn": "PublishedVersions"}
    assert set(usual.values()) == {None}
    # Lambda takes none of a function with a larger disk.
    for name, function in optional.service.functions():
        assert not (chosen[name] and "EphemeralStorage" in function), name


def test_the_local_cloud_takes_no_snapshots(tmp_path: Path) -> None:
    service = synthesize(tmp_path, platform="local", snap_start=True).service

    assert not [name for name, function in service.functions() if "SnapStart" in function]


def test_a_canary_is_rolled_back_if_the_api_fails(tmp_path: Path, deployed: Assembly) -> None:
    assert not deployed.service.of_type("CodeDeploy::DeploymentGroup")

    service = synthesize(tmp_path, canary_minutes=5).service

    groups = service.of_type("CodeDeploy::DeploymentGroup")
    assert len(groups) == len({"authorizer", *(route.function for route in ROUTES)})
    (alarm_id,) = service.of_type("CloudWatch::Alarm")
    for group in groups.values():
        assert group["AlarmConfiguration"] == {
            "Alarms": [{"Name": {"Ref": alarm_id}}],
            "Enabled": True,
        }
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    (config,) = service.of_type("CodeDeploy::DeploymentConfig").values()
    assert config["TrafficRoutingConfig"]["TimeBasedCanary"] == {
        "CanaryInterval": 5, "CanaryPercentage": 10,
    }  # fmt: skip
    switched = [
        each
        for each in service.resources.values()
        if "CodeDeployLambdaAliasUpdate" in each.get("UpdatePolicy", {})
    ]
    assert len(switched) == len(groups)


def test_a_stage_s_scale_multiplies_its_limits(tmp_path: Path, dev: Assembly) -> None:
    service = synthesize(tmp_path, scale=3).service

    def rates(template: Template) -> dict[str, int]:
        (stage,) = template.of_type("ApiGatewayV2::Stage").values()
        return {
            key: each["ThrottlingRateLimit"] for key, each in stage["RouteSettings"].items()
        } | {"": stage["DefaultRouteSettings"]["ThrottlingRateLimit"]}

    def workers(template: Template) -> dict[str, int]:
        return {
            logical_id: each["ScalingConfig"]["MaximumConcurrency"]
            for logical_id, each in template.of_type("Lambda::EventSourceMapping").items()
            if "ScalingConfig" in each
        }

    assert rates(service) == {key: 3 * rate for key, rate in rates(dev.service).items()}
    # SES sends no faster, however many workers there are.
    assert workers(service) == {
        name: count if name.startswith("Messages") else 3 * count
        for name, count in workers(dev.service).items()
    }


def test_the_bus_keeps_events_if_the_stage_wants_it(tmp_path: Path, deployed: Assembly) -> None:
    assert not deployed.service.of_type("Events::Archive")

    (archive,) = (
        synthesize(tmp_path, event_archive_days=30).service.of_type("Events::Archive").values()
    )

    assert archive["RetentionDays"] == 30
    assert archive["EventPattern"] == {"source": ["loyalty"]}


RESOURCES_MAX = 450  # of the 500 that CloudFormation takes


def test_every_stack_has_room_to_grow(deployed: Assembly) -> None:
    sizes = {name: len(stack.resources) for name, stack in deployed.stacks.items()}

    assert sizes.keys() == {"Data", "Service", "Monitoring"}
    assert {name: size for name, size in sizes.items() if size > RESOURCES_MAX} == {}


def test_no_stack_exports_a_value_to_another(deployed: Assembly) -> None:
    """An export that somebody imports can neither change nor go, in whatever order one deploys."""
    for file in deployed.template_files:
        template = file.read_text(encoding="utf-8")
        assert "Fn::ImportValue" not in template
        assert '"Export"' not in template


def test_only_functions_that_feed_their_own_queue_may_invoke_themselves_repeatedly(
    deployed: Assembly,
) -> None:
    """Lambda ends a chain of invocations at the sixteenth otherwise; a sweep has hundreds."""
    fed = defaultdict(set)
    for mapping in deployed.service.of_type("Lambda::EventSourceMapping").values():
        fed[deployed.service.path(deployed.service.function_id(mapping["FunctionName"]))].add(
            deployed.render(mapping["EventSourceArn"])
        )

    feeds_itself, is_allowed_to = set(), set()
    for name, function in deployed.service.functions():
        sends_to = {
            resource
            for resource, actions in rights(deployed, function).items()
            if any(action.startswith("sqs:SendMessage") for action in actions)
        }
        if sends_to & fed[f"{pascal(name)}/Function"]:
            feeds_itself.add(name)
        if function.get("RecursiveLoop") == "Allow":
            is_allowed_to.add(name)

    assert is_allowed_to == feeds_itself
    assert feeds_itself == {
        "intake", "expiry", "audit", "privacy", "compaction", "rebuild", "reminders",
        "webhooks_out", "exports", "engagement",
    }  # fmt: skip


def test_the_outputs_say_where_everything_is(deployed: Assembly) -> None:
    """These names are an interface: runbooks and the local cloud look them up."""
    named = {
        name
        for template in deployed.stacks.values()
        for name in template.outputs
        # The CDK's own, by which one stack reads of another.
        if not name.startswith("PublishOutput")
    }

    assert named == {
        "ApiId",
        "ApiUrl",
        "AuditDeadLettersUrl",
        "AuditFunctionName",
        "CatalogName",
        "CodesDeadLettersUrl",
        "CompactionDeadLettersUrl",
        "CompactionFunctionName",
        "ConsoleUrl",
        "BusName",
        "EngagementDeadLettersUrl",
        "ExpiryDeadLettersUrl",
        "FailedBatchesArn",
        "FailedBatchesBucket",
        "FailedBatchesQueueUrl",
        "ExportsDeadLettersUrl",
        "ExpiryFunctionName",
        "ExportsArn",
        "IdentitySecretArn",
        "InboxArn",
        "InboxBucket",
        "IntakeDeadLettersUrl",
        "IntakeQueueUrl",
        "LakeArn",
        "LakeBucket",
        "MobileClientId",
        "NotificationsDeadLettersUrl",
        "PagesTopicArn",
        "PrivacyDeadLettersUrl",
        "PrivacyFunctionName",
        "RebuildDeadLettersUrl",
        "RebuildFunctionName",
        "RemindersDeadLettersUrl",
        "RemindersFunctionName",
        "ServicesPoolId",
        "StaffClientId",
        "StaffPoolId",
        "StorefrontSecretPrefix",
        "TableName",
        "TicketsTopicArn",
        "TokenUrl",
        "UserPoolId",
        "WebhooksOutDeadLettersUrl",
        "WebhooksOutEventsDeadLettersUrl",
    }


def test_the_local_cloud_differs_in_nothing_but_tls_and_the_built_assets(
    dev: Assembly, local: Assembly
) -> None:
    assert dev.stacks.keys() == local.stacks.keys()
    for name, of_aws in dev.stacks.items():
        of_local = local.stacks[name]
        missing = {
            of_aws.resources[logical_id]["Type"]
            for logical_id in set(of_aws.resources) - set(of_local.resources)
        }

        # The local cloud is thrown away whole, so nothing empties its buckets.
        emptying = {"AWS::IAM::Role", "AWS::Lambda::Function", "Custom::S3AutoDeleteObjects"}
        # It replaces a function in one step, so it calls functions and no versions of them.
        versions = {"AWS::Lambda::Alias", "AWS::Lambda::Permission", "AWS::Lambda::Version"}
        assert missing <= {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"} | (
            emptying if name.endswith("Data") else versions
        )
        additional = {
            of_local.resources[logical_id]["Type"]
            for logical_id in set(of_local.resources) - set(of_aws.resources)
        }
        # Its key for access tokens costs nothing.
        assert additional <= {"AWS::Lambda::Permission", "AWS::KMS::Key"}
