"""From sources to deployed stacks: synthesize the CDK app if it changed, then create its stacks.

We call CloudFormation directly. The CDK's command does not work with a cloud that enforces IAM, and
would add several seconds of Node to every start.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from graphlib import TopologicalSorter
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from local.aws import ACCOUNT, REGION, Aws
from local.cloud import ROOT, Cloud, stop
from local.failures import LocalCloudError

type Report = Callable[[str], None]

ASSEMBLY = ROOT / ".local" / "assembly"
BUILT_LAYERS = ROOT / "build" / "local" / "layers"
# Where Lambda reads the `.pth` files of a layer.
SITE_PACKAGES: Final = ("python", "lib", "python3.13", "site-packages")

STAGE_FILE = "local/stage.toml"
_CONTEXT: Final[Mapping[str, Any]] = {
    "stage": "dev",
    "platform": "local",
    "stage_file": STAGE_FILE,
    "aws:cdk:disable-asset-staging": True,
}
# Nobody needs alarms from this machine, and its CloudWatch does not support all of them.
NOT_DEPLOYED = "Monitoring"
_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"
_STACK_SECONDS_MAX = 120.0
_POLL_SECONDS = 0.1
_FAILURE_LINES = 20
# The date of every zip entry, so that the same content is the same archive.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def build(*, log: Path, report: Report) -> None:
    """Build layers and functions for this machine; only what changed is built again."""
    command = [sys.executable, "-m", "tools.build", "--platform", "local"]
    _run(command, log=log, env=os.environ, report=report)


def synthesize(*, log: Path, report: Report) -> bool:
    """Write the stacks' templates to `ASSEMBLY`; False when nothing changed since the last time."""
    stamp = ASSEMBLY / "inputs.sha256"
    inputs = _inputs_digest()
    if stamp.exists() and stamp.read_text() == inputs:
        return False
    stamp.unlink(missing_ok=True)
    bin_with_node = Path(sys.executable).parent
    # The CDK's Node unpacks itself into a folder that it forgets when it is interrupted.
    with TemporaryDirectory(prefix="synth-") as scratch:
        environment = os.environ | {
            "TMPDIR": scratch,
            "PATH": f"{bin_with_node}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "CDK_OUTDIR": str(ASSEMBLY),
            "CDK_CONTEXT_JSON": json.dumps(_CONTEXT),
            # Two thirds of the time; the templates have tests of their own.
            "CDK_VALIDATION": "false",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".local" / "jsii"),
        }
        _run([sys.executable, "app.py"], log=log, env=environment, report=report)
    stamp.write_text(inputs)
    return True


def deploy(cloud: Cloud, *, report: Report) -> list[str]:
    """Create the stacks of the assembly except the alarms', in the order of their dependencies.

    Returns their names.
    """
    aws = cloud.aws
    aws.ssm.put_parameter(Name=_BOOTSTRAP_VERSION, Value="99", Type="String", Overwrite=True)
    names = []
    for stack in _stacks_in_order():
        name = stack["properties"].get("stackName") or stack["id"]
        report(f"{name}: assets")
        _upload_assets(cloud, stack["id"])
        report(name)
        url = _resolve(stack["properties"]["stackTemplateAssetObjectUrl"])
        bucket, _, key = url.removeprefix("s3://").partition("/")
        aws.cloudformation.create_stack(
            StackName=name,
            TemplateURL=f"{aws.endpoint}/{bucket}/{key}",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        _wait_until_created(aws, name)
        names.append(name)
    # On AWS, a deployer verifies the sender's domain once.
    stage = tomllib.loads((ROOT / STAGE_FILE).read_text(encoding="utf-8"))
    aws.ses.create_email_identity(EmailIdentity=stage["mail_from"])
    return names


def stack_outputs(aws: Aws) -> dict[str, str]:
    """Return the outputs of all stacks of the cloud, together."""
    return {
        output["OutputKey"]: output["OutputValue"]
        for stack in aws.cloudformation.describe_stacks()["Stacks"]
        for output in stack.get("Outputs", [])
    }


def _inputs_digest() -> str:
    """Return a digest of what the templates are made from: the app, its context, the build."""
    paths = [ROOT / "app.py", ROOT / "cdk.json", ROOT / "requirements" / "dev.txt"]
    paths += [ROOT / STAGE_FILE]
    paths += sorted((ROOT / "infra").rglob("*.py"))
    paths += sorted((ROOT / "infra").rglob("*.json"))
    paths += sorted((ROOT / "build" / "local").rglob("*.hash"))
    digest = hashlib.sha256(json.dumps(_CONTEXT).encode())
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _stacks_in_order() -> Iterator[dict[str, Any]]:
    manifest = json.loads((ASSEMBLY / "manifest.json").read_text())
    artifacts = manifest["artifacts"]
    order = TopologicalSorter({i: a.get("dependencies", []) for i, a in artifacts.items()})
    for artifact_id in order.static_order():
        artifact = artifacts[artifact_id]
        is_stack = artifact["type"] == "aws:cloudformation:stack"
        if is_stack and not artifact_id.endswith(f"-{NOT_DEPLOYED}"):
            yield {"id": artifact_id, **artifact}


def _upload_assets(cloud: Cloud, stack_id: str) -> None:
    aws = cloud.aws
    manifest = json.loads((ASSEMBLY / f"{stack_id}.assets.json").read_text())
    for asset in manifest["files"].values():
        source = ASSEMBLY / asset["source"]["path"]
        if asset["source"]["packaging"] != "zip":
            body = source.read_bytes()
        elif source.parent == BUILT_LAYERS:
            body = zipped(shared_layer(source, cloud.shared))
        else:
            body = zipped(source)
        for destination in asset["destinations"].values():
            bucket = _resolve(destination["bucketName"])
            aws.s3.create_bucket(Bucket=bucket)
            aws.s3.put_object(Bucket=bucket, Key=destination["objectKey"], Body=body)


def shared_layer(layer: Path, shared: Path) -> Path:
    """Put a layer where all workers of a cloud can read it; return the folder to deploy instead.

    The local cloud unpacks the layers of a function for each of its workers, which takes most of
    the time of its cold start. What we deploy therefore only says where the layer is, in the way in
    which Lambda lets a layer extend Python's path. The copy consists of hard links: a build
    replaces folders and never changes a file, so a running cloud keeps what it was deployed with.
    """
    copy = shared / layer.name
    shutil.copytree(layer, copy, copy_function=_link)
    pointer = shared / f"{layer.name}-pointer"
    site_packages = pointer.joinpath(*SITE_PACKAGES)
    site_packages.mkdir(parents=True)
    # A plain path would come after the local cloud's own packages.
    (site_packages / "layer.pth").write_text(
        f"import sys; sys.path.insert(0, {str(copy / 'python')!r})\n", encoding="utf-8"
    )
    return pointer


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # Another file system.
        shutil.copyfile(source, target)


def zipped(folder: Path) -> bytes:
    """Return the folder as an uncompressed archive: cold workers unpack it, none downloads it."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_EPOCH)
            entry.external_attr = path.stat().st_mode << 16
            file.writestr(entry, path.read_bytes())
    return archive.getvalue()


def _resolve(text: str) -> str:
    return text.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)


def _wait_until_created(aws: Aws, name: str) -> None:
    deadline = time.monotonic() + _STACK_SECONDS_MAX
    while time.monotonic() < deadline:
        stack = aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return
        if stack["StackStatus"] != "CREATE_IN_PROGRESS":
            raise LocalCloudError(f"{name} was not created. {_first_failure(aws, name)}")
        time.sleep(_POLL_SECONDS)
    raise LocalCloudError(f"{name} was not created within {_STACK_SECONDS_MAX:.0f} s.")


def _first_failure(aws: Aws, name: str) -> str:
    events = aws.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    for event in reversed(events):
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
    return "CloudFormation gave no reason."


def _run(command: list[str], *, log: Path, env: Mapping[str, str], report: Report) -> None:
    """Run one of our programs: its output goes to the log, its last line to the console."""
    lines: list[str] = []
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                output.write(line)
                lines.append(line)
                report(line.strip())
        except KeyboardInterrupt:
            stop(process)
            raise
    if process.returncode != 0:
        ending = "".join(lines[-_FAILURE_LINES:])
        raise LocalCloudError(f"`{' '.join(command[1:])}` failed:\n\n{ending}", log=log)
