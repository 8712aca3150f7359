"""The bill of materials of a deployment, in CycloneDX, for scanners of vulnerabilities."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools.licenses import Package


def write(packages: Sequence[Package], *, into: Path, platform: str) -> None:
    """Write the bill of materials of one platform's build."""
    licenses = LicenseFactory()
    product = Component(
        name="loyalty",
        version=version("loyalty"),
        type=ComponentType.APPLICATION,
        licenses=[licenses.make_from_string("Apache-2.0")],
        properties=[Property(name="loyalty:platform", value=platform)],
    )
    bom = Bom()
    bom.metadata.component = product
    bom.register_dependency(product)
    for package in packages:
        purl = PackageURL.from_string(package.purl)
        component = Component(
            name=purl.name,
            group=purl.namespace,
            version=package.version,
            type=ComponentType.LIBRARY,
            bom_ref=package.purl,
            purl=purl,
            licenses=[licenses.make_from_string(package.license)],
            properties=[Property(name="loyalty:layer", value=package.layer)],
        )
        bom.components.add(component)
        bom.register_dependency(product, [component])
    into.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
