"""The CDK app: composes the stacks of one deployment."""

import os

import aws_cdk as cdk

from infra.address import AddressStack, FirewallStack
from infra.build import BuildStaleError
from infra.data_stack import DataStack
from infra.flags import FEATURE_FLAGS
from infra.monitoring import MonitoringStack
from infra.service_stack import ServiceStack
from infra.settings import COST_TAG, Settings
from tools.build import assets


def compose(app: cdk.App) -> None:
    """Add the stacks to an app, as its context asks for them."""
    settings = Settings.from_context(app.node)
    chosen = settings.configuration
    cdk.Tags.of(app).add(COST_TAG, settings.stage)
    data = DataStack(app, settings.stack_id("Data"), settings=settings)
    service = ServiceStack(app, settings.stack_id("Service"), settings=settings, data=data)
    if chosen.domain:
        address = AddressStack(
            app, settings.stack_id("Address"), settings=settings, domain=chosen.domain
        )
        service.add_stack_dependency(address)
    if chosen.domain and chosen.firewall:
        FirewallStack(
            app,
            settings.stack_id("Firewall"),
            settings=settings,
            domain=chosen.domain,
            firewall=chosen.firewall,
        )
    MonitoringStack(app, settings.stack_id("Monitoring"), settings=settings, service=service)


def refuse_stale_build(settings: Settings) -> None:
    """Compare what was built with the sources.

    Raises:
        BuildStaleError: something was built from other sources; it would be deployed unnoticed.
    """
    built = assets(settings.platform, build=settings.build_dir)
    stale = [each.folder.name for each in built if each.folder.is_dir() and not each.is_current()]
    if stale:
        raise BuildStaleError(
            f"Built from other sources than those here: {', '.join(stale)}. Run `make build "
            f"PLATFORM={settings.platform}`."
        )


def main() -> None:
    outdir = os.environ.get("CDK_OUTDIR", "cdk.out")
    app = cdk.App(outdir=outdir, analytics_reporting=False, context=FEATURE_FLAGS)
    refuse_stale_build(Settings.from_context(app.node))
    compose(app)
    app.synth()


if __name__ == "__main__":
    main()
