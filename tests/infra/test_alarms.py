"""The stack that watches: every way to fail has an alarm, which says so to the right people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.names import kebab, pascal
from loyalty.edge.metrics import ALARMING
from tests.infra.assembly import FUNCTIONS, Assembly, synthesize
from tests.infra.test_service_stack import dead_letter_queues

HANDLERS = Path(__file__).resolve().parents[2] / "functions"

# What cannot wait for the next working day; all else is a ticket.
PAGES = {
    "api-failing",
    "falling-behind",
    "stream-dead-letters",
    "books-differ",
    "mail-bounces",
    "mail-complaints",
}


def composites(assembly: Assembly) -> dict[str, Mapping[str, Any]]:
    """Each alarm on other alarms by its name, without the stage."""
    return {
        alarm["AlarmName"].split("-", 2)[2]: alarm
        for alarm in assembly.monitoring.of_type("CloudWatch::CompositeAlarm").values()
    }


def alarms(assembly: Assembly) -> dict[str, Mapping[str, Any]]:
    """Each alarm on metrics by its name, without the stage."""
    return {
        alarm["AlarmName"].split("-", 2)[2]: alarm
        for alarm in assembly.monitoring.of_type("CloudWatch::Alarm").values()
    }


def watched(assembly: Assembly) -> set[tuple[str, str]]:
    """Each alarm on one metric, as that and the one dimension it is watched by."""
    return {
        (alarm["MetricName"], assembly.render(dimension["Value"]))
        for alarm in alarms(assembly).values()
        for dimension in alarm.get("Dimensions", ())
    }


# Their callers get a 5xx, which has an alarm.
ONLY_ANSWER_HTTP = {
    "adjustments",
    "authorizer",
    "campaigns",
    "console",
    "overview",
    "registry",
    "program",
    "enrollment",
    "accrual",
    "redemption",
    "reporting",
    "storefronts",
    "webhooks",
}


# What they fail at stays in a queue, and then in its dead letters. Both have an alarm.
ONLY_FED_BY_QUEUES = {"codes", "engagement", "exports", "rebuild", "webhooks_out"}


def test_every_function_whose_failures_nobody_else_sees_has_an_alarm_on_them(
    deployed: Assembly,
) -> None:
    failing = {function for metric, function in watched(deployed) if metric == "Errors"}

    assert failing == {
        f"{pascal(name)}/Function"
        for name in FUNCTIONS
        if name not in ONLY_ANSWER_HTTP | ONLY_FED_BY_QUEUES
    }


def test_what_only_queues_feed_has_an_alarm_when_it_is_late_or_given_up(
    deployed: Assembly,
) -> None:
    expected = {
        f"{kebab(name)}-{what}" for name in ONLY_FED_BY_QUEUES for what in ("age", "dead-letters")
    }

    assert expected <= alarms(deployed).keys()


def test_throttled_functions_have_one_alarm_together(deployed: Assembly) -> None:
    alarm = alarms(deployed)["throttles"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Throttles")
    assert "Dimensions" not in alarm


def test_every_dead_letter_queue_has_an_alarm(deployed: Assembly) -> None:
    expected = {
        ("ApproximateNumberOfMessagesVisible", f"{deployed.service.path(queue)}.QueueName")
        for queue in dead_letter_queues(deployed.service)
    }

    assert expected <= watched(deployed)


def test_both_stream_readers_have_an_alarm_for_falling_behind(deployed: Assembly) -> None:
    expected = {("IteratorAge", f"{name}/Function") for name in ("Relay", "Archive")}

    assert expected <= watched(deployed)


def test_server_errors_have_an_alarm(deployed: Assembly) -> None:
    assert ("5xx", "Http/Api") in watched(deployed)


def measured(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The metrics that an expression is computed from."""
    return [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]


def test_slow_answers_have_an_alarm_that_only_what_people_wait_for_sets_off(
    deployed: Assembly,
) -> None:
    alarm = alarms(deployed)["api-latency"]
    metrics = measured(alarm)

    assert {(each["Stat"], each["Metric"]["MetricName"]) for each in metrics} == {
        ("p99", "Duration"),
        ("Sum", "Invocations"),
    }
    # At night, the slowest of a few requests is not one in a hundred.
    (slowest,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
    assert "IF(accrual_requests >= 100, accrual, 0)" in slowest
    assert slowest.count("_requests >= 100") == len(metrics) / 2
    assert {
        deployed.render(each["Metric"]["Dimensions"][0]["Value"]).partition("/")[0]
        for each in metrics
    } == {"Enrollment", "Accrual", "Redemption", "Webhooks"}


def test_members_whom_cognito_refuses_have_an_alarm(deployed: Assembly) -> None:
    metrics = measured(alarms(deployed)["sign-in-throttles"])

    assert {each["Metric"]["MetricName"] for each in metrics} == {
        "SignInThrottles",
        "SignUpThrottles",
        "TokenRefreshThrottles",
    }
    for each in metrics:
        assert each["Metric"]["Namespace"] == "AWS/Cognito"
        assert [
            (dimension["Name"], deployed.render(dimension["Value"]))
            for dimension in each["Metric"]["Dimensions"]
        ] == [
            ("UserPool", "Identities/UserPool"),
            ("UserPoolClient", "Identities/UserPool/Mobile"),
        ]


def test_a_stage_that_costs_more_than_expected_tells_who_gets_tickets(
    optional: Assembly, deployed: Assembly
) -> None:
    (budget,) = optional.monitoring.of_type("Budgets::Budget").values()

    assert budget["Budget"]["BudgetLimit"] == {"Amount": 100, "Unit": "USD"}
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:loyalty:stage$prod"]}
    assert {
        (
            each["Notification"]["NotificationType"],
            each["Notification"]["Threshold"],
            each["Subscribers"][0]["Address"],
        )
        for each in budget["NotificationsWithSubscribers"]
    } == {("ACTUAL", 100, "team@example.com"), ("FORECASTED", 100, "team@example.com")}
    assert not deployed.monitoring.of_type("Budgets::Budget")


def test_a_table_that_throttles_has_an_alarm(deployed: Assembly) -> None:
    metrics = measured(alarms(deployed)["table-throttles"])

    assert {each["Metric"]["MetricName"] for each in metrics} == {
        "ReadThrottleEvents",
        "WriteThrottleEvents",
    }


def test_an_outage_that_delays_everything_pages_once(deployed: Assembly) -> None:
    page = composites(deployed)["falling-behind"]
    identifiers = {
        resource: alarm["AlarmName"].split("-", 2)[2]
        for resource, alarm in deployed.monitoring.of_type("CloudWatch::Alarm").items()
    }
    references = [
        identifiers[part["Fn::GetAtt"][0]]
        for part in page["AlarmRule"]["Fn::Join"][1]
        if isinstance(part, dict)
    ]

    assert references == [
        "intake-age",
        "relay-iterator-age",
        "archive-iterator-age",
        "account-concurrency",
    ]
    # Each is a ticket, so the page says that something is late, and the ticket what.
    assert PAGES.isdisjoint(references)
    assert identifiers[page["ActionsSuppressor"]["Fn::GetAtt"][0]] == "api-failing"
    # What still lasts ten minutes after the API recovered is a page.
    assert page["ActionsSuppressorExtensionPeriod"] == 600


def test_the_account_s_limits_have_alarms(deployed: Assembly) -> None:
    found = alarms(deployed)

    (concurrency,) = (
        each for each in found["account-concurrency"]["Metrics"] if "Expression" in each
    )
    assert concurrency["Expression"] == "100 * used / SERVICE_QUOTA(used)"
    assert found["loop-stopped"]["MetricName"] == "RecursiveInvocationsDropped"
    assert {
        found[name]["MetricName"]: found[name]["Threshold"]
        for name in ("mail-bounces", "mail-complaints")
    } == {"Reputation.BounceRate": 0.05, "Reputation.ComplaintRate": 0.001}


def test_a_stage_that_sends_no_mail_has_no_alarm_on_mail(tmp_path: Path) -> None:
    assert not {name for name in alarms(synthesize(tmp_path)) if name.startswith("mail-")}


def test_an_api_that_keeps_failing_wakes_somebody_and_one_failure_does_not(
    deployed: Assembly,
) -> None:
    failing = alarms(deployed)["api-failing"]
    (rate,) = (each for each in failing["Metrics"] if "Expression" in each)

    assert (failing["DatapointsToAlarm"], failing["EvaluationPeriods"]) == (3, 5)
    assert rate["Expression"] == "IF(failed >= 3, 100 * failed / requests, 0)"
    assert {
        each["Id"]: each["MetricStat"]["Metric"]["MetricName"]
        for each in failing["Metrics"]
        if "MetricStat" in each
    } == {"failed": "5xx", "requests": "Count"}


def test_waiting_messages_have_an_alarm_except_those_in_quiet_hours(deployed: Assembly) -> None:
    waiting = {queue for metric, queue in watched(deployed) if "AgeOfOldest" in metric}

    assert waiting == {
        f"{path}.QueueName"
        for path in (
            "IntakeQueue/Queue",
            "ExpiryWork/Pages/Queue",
            "AuditWork/Pages/Queue",
            "PrivacyWork/Pages/Queue",
            "CompactionWork/Pages/Queue",
            "RebuildWork/Pages/Queue",
            "RemindersWork/Pages/Queue",
            "WebhooksOutQueues/Events/Queue",
            "WebhooksOutQueues/Deliveries/Queue",
            "ShopCodes/Queue",
            "ReportExports/Queue",
            "OrdersToCount/Queue",
        )
    }


def test_an_alarm_notifies_the_right_people_when_it_begins_and_ends(
    deployed: Assembly,
) -> None:
    pages, tickets = (
        [{"Ref": topic}] for topic in sorted(deployed.monitoring.of_type("SNS::Topic"))
    )

    for name, alarm in composites(deployed).items():
        assert name in PAGES
        assert alarm["OKActions"] == alarm["AlarmActions"] == pages
        assert alarm["AlarmDescription"].endswith(".")
    for name, alarm in alarms(deployed).items():
        is_silence = alarm["ComparisonOperator"] == "LessThanThreshold"
        assert alarm["AlarmActions"] == (pages if name in PAGES else tickets), name
        assert alarm["OKActions"] == alarm["AlarmActions"]
        # A new alarm has no data and notifies nobody of it; one that had data does.
        silence_actions = alarm["AlarmActions"] if is_silence else None
        assert alarm.get("InsufficientDataActions") == silence_actions
        assert alarm["AlarmDescription"].endswith(".")
        assert alarm["TreatMissingData"] == ("missing" if is_silence else "notBreaching")
    assert {*alarms(deployed), *composites(deployed)} >= PAGES


def test_a_schedule_that_stops_invoking_its_function_has_an_alarm(deployed: Assembly) -> None:
    """AWS measures schedules by their groups, so each has one of its own."""
    groups = {
        deployed.render(schedule["Target"]["Arn"]).partition("/")[0].lower(): schedule["GroupName"]
        for schedule in deployed.service.of_type("Scheduler::Schedule").values()
    }
    silences = {
        name.removesuffix("-silent"): alarm
        for name, alarm in alarms(deployed).items()
        if alarm["ComparisonOperator"] == "LessThanThreshold"
    }

    assert (
        silences.keys()
        == groups.keys()
        == {
            "expiry",
            "reminders",
            "audit",
            "privacy",
            "compaction",
            "intake",
        }
    )
    for name, alarm in silences.items():
        group = deployed.service.of_type("Scheduler::ScheduleGroup")[groups[name]["Ref"]]
        assert {
            (each["Metric"]["MetricName"], each["Metric"]["Dimensions"][0]["Value"])
            for each in measured(alarm)
        } == {("InvocationAttemptCount", group["Name"]), ("TargetErrorCount", group["Name"])}


@pytest.mark.parametrize(
    ("name", "metric", "service"),
    [
        ("books-differ", "BooksDiffer", "audit"),
        ("erasures-late", "ErasuresLate", "privacy"),
        ("deliveries-parked", "DeliveriesParked", "intake"),
        ("data-requested", "DataRequested", "intake"),
        ("webhooks-out-parked", "WebhooksOutParked", "webhooks_out"),
    ],
)
def test_problems_that_functions_find_have_alarms(
    deployed: Assembly, name: str, metric: str, service: str
) -> None:
    alarm = alarms(deployed)[name]

    assert alarm["MetricName"] == metric
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (
        1,
        "GreaterThanOrEqualToThreshold",
    )


def test_what_alarms_read_is_counted_without_a_dashboard_too(deployed: Assembly) -> None:
    read = {
        alarm["MetricName"]
        for alarm in alarms(deployed).values()
        if alarm.get("Namespace", "").startswith("Loyalty/")
    }

    assert read == ALARMING
    for name in read:
        assert any(
            f'"{name}"' in each.read_text(encoding="utf-8") for each in HANDLERS.rglob("*.py")
        )


def test_no_stage_counts_for_the_alarms_of_another(dev: Assembly, prod: Assembly) -> None:
    for stage, assembly in {"dev": dev, "prod": prod}.items():
        namespace = f"Loyalty/{stage}"
        written = {
            function["Environment"]["Variables"]["LOYALTY_METRICS_NAMESPACE"]
            for _, function in assembly.service.functions()
        }
        read = {
            alarm["Namespace"]
            for alarm in alarms(assembly).values()
            if "Namespace" in alarm and not alarm["Namespace"].startswith("AWS/")
        }

        assert written == read == {namespace}


def test_alarms_may_publish_to_their_topics(deployed: Assembly) -> None:
    policies = deployed.monitoring.of_type("SNS::TopicPolicy").values()

    allowed = [
        statement["Principal"]
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert allowed == [{"Service": "cloudwatch.amazonaws.com"}] * 2


@pytest.mark.parametrize("of_tickets", [None, "tickets@b.example"])
def test_tickets_go_to_a_mailbox_of_their_own_if_there_is_one(
    tmp_path: Path, of_tickets: str | None
) -> None:
    assembly = synthesize(tmp_path, alarm_email="pager@b.example", ticket_email=of_tickets)

    subscribed = {
        assembly.render(each["TopicArn"]): each["Endpoint"]
        for each in assembly.monitoring.of_type("SNS::Subscription").values()
    }

    assert subscribed == {
        "Pages/Topic": "pager@b.example",
        "Tickets/Topic": of_tickets or "pager@b.example",
    }


def test_a_dashboard_shows_the_business_of_its_stage_if_the_stage_asks_for_one(
    optional: Assembly, prod: Assembly
) -> None:
    (dashboard,) = optional.monitoring.of_type("CloudWatch::Dashboard").values()

    shown = str(dashboard["DashboardBody"])
    searched = re.findall(r"\{([\w/]+),[\w,]*service\}", shown)

    assert set(searched) == {"Loyalty/prod"}
    for assembly, has_dashboard in ((optional, True), (prod, False)):
        for _, function in assembly.service.functions():
            variables = function["Environment"]["Variables"]
            assert ("LOYALTY_DASHBOARD" in variables) == has_dashboard
    assert not prod.monitoring.of_type("CloudWatch::Dashboard")

    for metric in ("PointsEarned", "PointsRedeemed", "Orders", "Refusals"):
        assert metric in shown
