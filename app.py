"""The CDK app: composes the stacks of one deployment."""

import os

import aws_cdk as cdk

from infra.data_stack import DataStack
from infra.monitoring import MonitoringStack
from infra.service_stack import ServiceStack
from infra.settings import FEATURE_FLAGS, Settings


def compose(app: cdk.App) -> None:
    """Add the stacks to an app, as its context asks for them."""
    settings = Settings.from_context(app.node)
    data = DataStack(app, settings.stack_id("Data"), settings=settings)
    service = ServiceStack(app, settings.stack_id("Service"), settings=settings, data=data)
    MonitoringStack(app, settings.stack_id("Monitoring"), settings=settings, service=service)


def main() -> None:
    outdir = os.environ.get("CDK_OUTDIR", "cdk.out")
    app = cdk.App(outdir=outdir, analytics_reporting=False, context=FEATURE_FLAGS)
    compose(app)
    app.synth()


if __name__ == "__main__":
    main()
