"""Commands for a deployed stage, on moto."""

import json
import time as real_time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.enrollment.handler import handler as enrollment
from functions.program.handler import handler as program_api
from infra.settings import Configuration
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Put, QueryPage
from loyalty.table.order_counts import TableOrderCounts
from loyalty.usecases.ports import Raced
from operate.count_orders import Counted, count_all
from operate.preflight import preflight
from operate.redrive import redrive
from operate.rekey import rekey
from operate.restore import read_moment, restore
from operate.stage import OperationError
from operate.withdraw import withdraw
from tests.integration.conftest import IDENTITY_SECRET, TABLE, Clock
from tests.support import cold, till
from tests.support.campaigns import campaign
from tests.support.cognito import POOL, FakeCognito
from tests.support.http import Claims, call, person
from tests.support.stage import ARN, BUCKET, StageOnMoto, restorable_moment, stage_on_moto
from tests.support.stream import batch, records


@pytest.fixture
def stage() -> StageOnMoto:
    return stage_on_moto()


def keep_batch(stage: StageOnMoto, key: str, event: dict[str, Any]) -> None:
    """Keep a batch as Lambda does, and notify the queue as S3 does."""
    content = {
        "requestContext": {"functionArn": ARN, "condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {"shardId": "shardId-1", "batchSize": len(event["Records"])},
        "payload": json.dumps(event),
    }
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(content).encode())
    notice = {"Records": [{"s3": {"object": {"key": key}}}]}
    boto3.client("sqs").send_message(
        QueueUrl=stage.output("FailedBatchesQueueUrl"), MessageBody=json.dumps(notice)
    )


def waiting(stage: StageOnMoto) -> int:
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=stage.output("FailedBatchesQueueUrl"), AttributeNames=["All"]
    )["Attributes"]
    return sum(
        int(attributes[name])
        for name in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    )


@pytest.mark.usefixtures("program")
class TestRedriving:
    def test_a_kept_batch_is_in_the_lake_and_its_alarm_ends(self, stage: StageOnMoto) -> None:
        till.earn(till.enroll(), 4999)
        keep_batch(stage, "aws/lambda/1", batch(records(TABLE)))

        redriven = redrive(stage)

        assert (redriven.done, redriven.failed) == (1, {})
        assert stage.functions.invoked == [ARN]
        listed = boto3.client("s3").list_objects_v2(Bucket="lake")["Contents"]
        assert any(each["Key"].startswith("facts/entries/") for each in listed)
        assert boto3.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
        assert waiting(stage) == 0

    def test_a_batch_that_fails_again_is_kept_with_its_alarm_and_holds_up_no_other(
        self, stage: StageOnMoto
    ) -> None:
        till.earn(till.enroll(), 4999)
        good = batch(records(TABLE))
        bad = json.loads(json.dumps(good))
        for record in bad["Records"]:
            record["dynamodb"]["NewImage"] = {"kind": {"S": "accrual"}}
        keep_batch(stage, "aws/lambda/1", bad)
        keep_batch(stage, "aws/lambda/2", {"Records": []})
        keep_batch(stage, "aws/lambda/3", good)

        redriven = redrive(stage)

        assert redriven.done == 1
        assert redriven.failed["aws/lambda/1"].startswith("it failed again from record")
        assert redriven.failed["aws/lambda/2"] == "IndexError"
        assert waiting(stage) == 2


COUNTS = ("orders", "bought_on")
KEYS = {"1": IDENTITY_SECRET, "2": "b" * 64}


def replace_keys(current: str, *versions: str) -> None:
    """Replace the identity secret, and every function's containers."""
    keyring = {"current": current, "keys": {version: KEYS[version] for version in versions}}
    boto3.client("secretsmanager").put_secret_value(
        SecretId="identity", SecretString=json.dumps(keyring)
    )
    cold.forget()


def found(email: str) -> str | None:
    answer = call(
        enrollment,
        "POST",
        f"{till.PROGRAM}/members/lookup",
        body={"identity": {"kind": "email", "value": email}},
        as_=till.CASHIER,
    )
    return str(answer.body["id"]) if answer.status == 200 else None


@pytest.mark.usefixtures("program")
class TestRekeying:
    def test_members_are_found_again_although_the_old_key_is_lost(self, stage: StageOnMoto) -> None:
        ana = till.enroll("ana@example.com")
        replace_keys("2", "2")
        assert found("ana@example.com") is None

        rekeyed = rekey(stage)

        assert (rekeyed.done, rekeyed.changed) == (1, ())
        assert found("ana@example.com") == ana
        till.post_order(till.order(identities=[{"kind": "email", "value": "ana@example.com"}]))
        assert till.member(ana)["balance"] == 49

    def test_after_a_rotation_the_old_key_is_needed_no_longer(self, stage: StageOnMoto) -> None:
        ana, bob = till.enroll("ana@example.com"), till.enroll("bob@example.com")
        replace_keys("2", "1", "2")

        rekey(stage)
        assert rekey(stage).done == 2
        replace_keys("2", "2")

        assert [found("ana@example.com"), found("bob@example.com")] == [ana, bob]
        table = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        places = [each["pk"]["S"] for each in table if each["sk"]["S"] == "IDENTITY"]
        assert len(places) == 2
        assert all("#email#2#" in place for place in places)

    def test_a_member_who_changes_meanwhile_is_left_for_the_next_run(
        self, stage: StageOnMoto, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        till.enroll("ana@example.com")
        replace_keys("2", "1", "2")
        read = DynamoEngine.scan

        def scan_then_change(self: DynamoEngine, **arguments: Any) -> QueryPage:
            page = read(self, **arguments)
            for item in page.items:
                if item.get("kind") == "profile":
                    item["revision"] = 99
            return page

        with monkeypatch.context() as patched:
            patched.setattr(DynamoEngine, "scan", scan_then_change)
            rekeyed = rekey(stage)

        assert rekeyed.done == 0
        assert len(rekeyed.changed) == 1


class TestCountingOrders:
    def test_only_members_from_before_are_counted_and_only_once(
        self,
        stage: StageOnMoto,
        publish: Callable[..., PublishedProgram],
        engine: DynamoEngine,
    ) -> None:
        publish(campaigns=[campaign(**{"for": {"fact": "first_order"}})])
        ana, bob, eve = (till.enroll(f"{name}@example.com") for name in ("ana", "bob", "eve"))
        till.earn(ana, 100, order_id="1")
        till.earn(ana, 100, order_id="2")
        till.earn(bob, 100, order_id="3")
        for member_id in (ana, eve):
            forget_orders(engine, member_id)

        assert count_all(stage, say=lambda _: None) == Counted(done=2, changed=())
        assert count_all(stage, say=lambda _: None) == Counted(done=0, changed=())

        counted = (engine.get(keys.account("bean", each), strong=True) for each in (ana, bob, eve))
        assert [item["orders"] for item in counted if item] == [2, 1, 0]
        assert till.member(ana)["balance"] == 2 + 10
        till.earn(eve, 100, order_id="4")
        assert till.member(eve)["balance"] == 1 + 10

    def test_a_member_who_keeps_changing_is_named(
        self,
        stage: StageOnMoto,
        engine: DynamoEngine,
        program: PublishedProgram,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ana = till.enroll()
        forget_orders(engine, ana)

        def refuse(*_: object) -> None:
            raise Raced

        with monkeypatch.context() as patched:
            patched.setattr(TableOrderCounts, "save", refuse)
            counted = count_all(stage, say=lambda _: None)

        assert counted == Counted(done=0, changed=(f"{program.program_id}/{ana}",))
        assert count_all(stage, say=lambda _: None).done == 1


def forget_orders(engine: DynamoEngine, member_id: str) -> None:
    """Make an account one from before orders were counted."""
    key = keys.account("bean", member_id)
    item = engine.get(key, strong=True)
    assert item is not None
    engine.write([Put(key, {name: item[name] for name in item if name not in COUNTS})])


@pytest.mark.usefixtures("program")
class TestRestoring:
    def test_a_restored_table_has_everything_that_the_stack_gives_its_own(
        self, stage: StageOnMoto
    ) -> None:
        dynamodb = boto3.client("dynamodb")
        moment = restorable_moment()

        lines = restore(stage, moment, is_protected=True, pause=print, say=lambda _: None)

        name = f"loyalty-test-{moment:%Y%m%d-%H%M%S}"
        table = dynamodb.describe_table(TableName=name)["Table"]
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert table["DeletionProtectionEnabled"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
        backups = dynamodb.describe_continuous_backups(TableName=name)
        described = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert described["PointInTimeRecoveryStatus"] == "ENABLED"
        assert lines == (
            f'[restored_table]\nname = "{name}"\nstream_arn = "{table["LatestStreamArn"]}"\n'
        )

    def test_it_can_be_repeated_after_it_was_killed(self, stage: StageOnMoto) -> None:
        moment = restorable_moment()
        first = restore(stage, moment, is_protected=False, pause=print, say=lambda _: None)

        assert restore(stage, moment, is_protected=False, pause=print, say=lambda _: None) == first

    def test_a_moment_that_is_not_covered_is_refused(self, stage: StageOnMoto) -> None:
        restorable_moment()
        with pytest.raises(OperationError, match="can be restored from"):
            restore(
                stage,
                datetime(2020, 1, 1, tzinfo=UTC),
                is_protected=False,
                pause=print,
                say=lambda _: None,
            )

    def test_a_moment_needs_a_time_zone(self) -> None:
        assert read_moment("2026-11-21T20:00:00Z") == datetime(2026, 11, 21, 20, tzinfo=UTC)
        with pytest.raises(Exception, match="no time zone"):
            read_moment("2026-11-21T20:00:00")


class TestPreflight:
    def findings(
        self, stage: StageOnMoto, **changes: Any
    ) -> Callable[[str], list[tuple[str, str]]]:
        configuration = Configuration(production=True, **changes)
        found = [(each.level, each.says) for each in preflight(stage, configuration)]
        return lambda word: [each for each in found if word in each[1]]

    def test_an_account_that_lacks_everything_is_told_everything(self, stage: StageOnMoto) -> None:
        found = self.findings(stage, mail_from="club@unknown.example")

        assert [level for level, _ in found("bootstrapped")] == ["failed"]
        assert [level for level, _ in found("has not verified unknown.example")] == ["failed"]
        assert [level for level, _ in found("sandbox")] == ["failed"]
        assert [level for level, _ in found("1000 executions at once")] == ["ok"]

    def test_reservations_must_leave_a_hundred_executions(self, stage: StageOnMoto) -> None:
        found = self.findings(stage, mail_from="club@beanleaf.example", reserved_concurrency=70)

        ((level, says),) = found("reserved ones leave")
        assert level == "failed"
        assert "1120" in says

    def test_mail_may_not_be_paced_faster_than_ses_accepts_it(self, stage: StageOnMoto) -> None:
        stage.ses.account = {
            "ProductionAccessEnabled": True,
            "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0},
        }

        ready = self.findings(stage, mail_from="club@beanleaf.example")
        hurried = self.findings(stage, mail_from="club@beanleaf.example", mails_per_second=15)

        assert [level for level, _ in ready("mails a day")] == ["ok"]
        assert [level for level, _ in hurried("`mails_per_second` is 15")] == ["failed"]

    def test_an_account_that_is_ready_passes(self, stage: StageOnMoto) -> None:
        boto3.client("ssm").put_parameter(
            Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String"
        )

        found = self.findings(stage, mail_from="club@beanleaf.example", reserved_concurrency=50)

        assert found("Bootstrapped, version 30")[0][0] == "ok"
        assert found("800 are reserved")[0][0] == "ok"
        assert found("sign-in domain")[0][0] == "ok"


@pytest.mark.usefixtures("program")
class TestWithdrawing:
    def token(self, subject: str, *groups: str, issued: timedelta = timedelta()) -> Claims:
        issued_at = int(real_time.time() + issued.total_seconds())
        return person(subject, groups=groups) | {"iat": str(issued_at)}

    def is_let_in(self, claims: Claims, path: str = till.PROGRAM) -> int:
        return call(program_api, "GET", path, as_=claims, kinds=("staff",)).status

    def now(self) -> datetime:
        """The time by which tokens are issued."""
        return datetime.fromtimestamp(real_time.time(), UTC)

    def test_roles_of_the_deployment_are_gone_within_30_seconds(
        self, stage: StageOnMoto, cognito: FakeCognito, time: Clock
    ) -> None:
        stage.outputs["StaffPoolId"] = POOL
        eva = cognito.add("eva@example.com", "*/manager", "operator", "bean/cashier")
        everywhere, operating = self.token(eva, "*/manager"), self.token(eva, "operator")
        assert self.is_let_in(everywhere) == 200
        assert self.is_let_in(operating, "/v1/actions") == 200

        groups = withdraw(stage, "eva@example.com", now=self.now())
        time.now += timedelta(seconds=30)

        assert groups == {"*/manager", "operator"}
        assert cognito.groups_of(eva) == {"bean/cashier"}
        assert self.is_let_in(everywhere) == 401
        assert self.is_let_in(operating) == 401
        assert self.is_let_in(operating, "/v1/actions") == 401
        assert self.is_let_in(self.token(eva, "bean/cashier")) == 200
        later = timedelta(minutes=2)
        assert self.is_let_in(self.token(eva, "operator", issued=later), "/v1/actions") == 200

    def test_it_may_be_repeated_and_come_after_the_group_was_left(
        self, stage: StageOnMoto, cognito: FakeCognito, time: Clock
    ) -> None:
        stage.outputs["StaffPoolId"] = POOL
        eva = cognito.add("eva@example.com")
        operating = self.token(eva, "operator")

        assert withdraw(stage, "eva@example.com", now=self.now()) == frozenset()
        assert withdraw(stage, eva, now=self.now()) == frozenset()

        assert self.is_let_in(operating, "/v1/actions") == 401
        with pytest.raises(OperationError, match="Nobody"):
            withdraw(stage, "kim@example.com", now=self.now())

    def test_another_issuer_keeps_the_groups_itself(self, stage: StageOnMoto) -> None:
        operating = self.token("auth0|eva", "operator")

        assert withdraw(stage, "auth0|eva", now=self.now()) == frozenset()

        assert self.is_let_in(operating, "/v1/actions") == 401
