"""The deployed product on a local cloud, from sources to an address that answers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud import Cloud, cloud_log, require_free, running_cloud
from local.console import Console
from local.deploy import build, deploy, stack_outputs, synthesize
from local.failures import LocalCloudError
from local.logs import functions_log, save_function_logs
from local.mail import sent_mails
from local.people import Directory
from loyalty.edge.console import PATH as CONSOLE_PATH

_REQUEST_SECONDS_MAX = 30.0


class ProgramClient(httpx.Client):
    """An HTTP client whose paths begin at one program: `""` is the program itself."""

    def __init__(self, program_url: str, *, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        super().__init__(headers=headers, timeout=_REQUEST_SECONDS_MAX, trust_env=False)
        self._program_url = program_url

    def request(self, method: str, url: httpx.URL | str, **kwargs: Any) -> httpx.Response:
        # Not `base_url`, which would end the program's own address with a slash.
        return super().request(method, f"{self._program_url}{url}", **kwargs)

    def of_deployment(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Call a route of the whole deployment, as the same caller."""
        origin, _, _ = self._program_url.rpartition("/v1/programs/")
        return super().request(method, f"{origin}{path}", **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The API's address, the directory of callers, the queue behind the webhooks, and the bus."""

    cloud: Cloud
    api_url: str
    bus: str
    directory: Directory
    intake_queue_url: str
    log: Path

    def client(self, program_id: str, token: str | None = None) -> ProgramClient:
        """Return a client of one program's routes, as the bearer of `token` or as nobody."""
        return ProgramClient(f"{self.api_url}/v1/programs/{program_id}", token=token)

    def open_program(self, program_id: str, document: dict[str, Any]) -> dict[str, str]:
        """Create a program's people and publish its document; return a token for each role."""
        self.directory.open_program(program_id)
        tokens = self.directory.tokens(program_id)
        with self.client(program_id, tokens["manager"]) as manager:
            answer = manager.put("", json=document, headers={"If-None-Match": "*"})
        if answer.status_code != httpx.codes.CREATED:
            raise LocalCloudError(
                f"{program_id} was not published: {answer.status_code} {answer.text}",
                log=self.log,
            )
        return tokens

    def queued_deliveries(self) -> int:
        """Return how many storefront deliveries wait for `intake` or are being applied."""
        attributes = self.cloud.aws.sqs.get_queue_attributes(
            QueueUrl=self.intake_queue_url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return sum(int(count) for count in attributes.values())

    def mails(self, *, to: str) -> list[dict[str, Any]]:
        """Return the mails that were sent to this address, oldest first."""
        return sent_mails(self.cloud.aws, to=to)


@contextmanager
def deployment(*, port: int, home: Path, console: Console) -> Iterator[Deployment]:
    """Build, synthesize, start a cloud and deploy to it; stop the cloud at the end."""
    require_free(port)
    home.mkdir(parents=True, exist_ok=True)
    with console.line("Build the layers and functions") as line:
        build(log=home / "build.log", report=line.report)
        line.report("")
    with console.line("Synthesize the stacks") as line:
        is_new = synthesize(log=home / "synth.log", report=line.report)
        line.report("" if is_new else "nothing changed since the last time")
    with ExitStack() as stack:
        stack.enter_context(_readable_failures(home))
        with console.line("Start the local cloud") as line:
            cloud = stack.enter_context(running_cloud(port=port, home=home))
            line.detail = cloud.aws.endpoint
        with console.line("Deploy the stacks") as line:
            line.report(", ".join(deploy(cloud, report=line.report)))
        log = functions_log(home)
        stack.callback(save_function_logs, cloud.aws, to=log)
        outputs = stack_outputs(cloud.aws)
        api_url = f"{cloud.aws.endpoint}/_aws/execute-api/{outputs['ApiId']}/$default"
        directory = Directory.find(cloud.aws, api_url=api_url)
        # The template names the address that the API would have on AWS.
        directory.staff.send_back_to(f"{api_url}{CONSOLE_PATH}")
        yield Deployment(
            cloud=cloud,
            api_url=api_url,
            bus=outputs["BusName"],
            directory=directory,
            intake_queue_url=outputs["IntakeQueueUrl"],
            log=log,
        )


@contextmanager
def _readable_failures(home: Path) -> Iterator[None]:
    """Turn a refusal or silence of the cloud into a sentence instead of a traceback."""
    try:
        yield
    except (BotoCoreError, ClientError, httpx.TransportError) as error:
        raise LocalCloudError(f"The local cloud failed. {error}", log=cloud_log(home)) from error
