"""A synthesized app to ask questions of, made from a stand-in for the build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk

from app import compose
from infra.flags import FEATURE_FLAGS
from infra.settings import Settings

FUNCTIONS: Final = (
    "authorizer",
    "registry",
    "overview",
    "program",
    "enrollment",
    "accrual",
    "adjustments",
    "campaigns",
    "redemption",
    "reporting",
    "console",
    "storefronts",
    "webhooks",
    "intake",
    "relay",
    "archive",
    "expiry",
    "audit",
    "privacy",
    "compaction",
    "rebuild",
    "reminders",
    "notifications",
    "webhooks_out",
    "codes",
    "exports",
    "engagement",
)
LAYERS: Final = ("dependencies", "loyalty", "analytics", "messages", "tokens")

type Resource = Mapping[str, Any]


def stand_in_build(folder: Path, platform: str) -> Path:
    """Leave what `make build` leaves, with next to nothing in it; return the build folder."""
    for kind, names in (("layers", LAYERS), ("functions", FUNCTIONS)):
        for name in names:
            built = folder / platform / kind / name
            built.mkdir(parents=True)
            (built / "handler.py").write_text(f"# stands in for {name}\n", encoding="ascii")
            digest = hashlib.sha256(name.encode()).hexdigest()
            built.with_name(f"{name}.hash").write_text(digest, encoding="ascii")
    return folder


# What the context says; all else about a deployment is in its stage's file.
CONTEXT: Final[tuple[str, ...]] = ("stage", "architecture", "platform", "build_dir")


def write_stage_file(folder: Path, **chosen: Any) -> Path:
    """Write the file of a stage; a dictionary is a table of it, and None leaves a key out."""
    chosen = {"production": False, **chosen}
    tables = {name: value for name, value in chosen.items() if isinstance(value, dict)}
    lines = _lines({name: value for name, value in chosen.items() if name not in tables})
    for name, table in tables.items():
        lines += [f"[{name}]", *_lines(table)]
    file = folder / "stage.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def _lines(chosen: Mapping[str, Any]) -> list[str]:
    # Strings, lists of them, numbers and booleans are written alike in JSON and TOML.
    return [f"{name} = {json.dumps(value)}" for name, value in chosen.items() if value is not None]


def read_settings(folder: Path, **chosen: Any) -> Settings:
    """The settings of a stage file with these keys."""
    context = {name: chosen.pop(name) for name in CONTEXT if name in chosen}
    file = write_stage_file(folder, **chosen)
    return Settings.from_context(cdk.App(context={"stage_file": str(file), **context}).node)


def new_app(folder: Path, **chosen: Any) -> cdk.App:
    """An app over a stand-in build under `folder`, not synthesized yet."""
    context = {name: chosen.pop(name) for name in CONTEXT if name in chosen}
    if context.get("stage") == "prod":
        chosen = {"production": True, **chosen}
    platform = context.get("platform") or context.get("architecture") or "arm64"
    build = stand_in_build(folder / "build", platform)
    return cdk.App(
        outdir=str(folder / "cdk.out"),
        analytics_reporting=False,
        context={
            **FEATURE_FLAGS,
            "aws:cdk:enable-path-metadata": True,
            "build_dir": str(build),
            "stage_file": str(write_stage_file(folder, **chosen)),
            **context,
        },
    )


def synthesize(folder: Path, **chosen: Any) -> Assembly:
    app = new_app(folder, **chosen)
    compose(app)
    return Assembly(app=app, folder=Path(app.synth().directory))


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """The app and the templates that it was synthesized to."""

    app: cdk.App
    folder: Path

    @cached_property
    def template_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.template.json"))

    @cached_property
    def data(self) -> Template:
        return self._template("Data")

    @cached_property
    def service(self) -> Template:
        return self._template("Service")

    @cached_property
    def monitoring(self) -> Template:
        return self._template("Monitoring")

    @cached_property
    def stacks(self) -> Mapping[str, Template]:
        """Every template of the app, by the last part of its name."""
        return {
            file.name.removesuffix(".template.json").rpartition("-")[2]: self._read(file)
            for file in self.template_files
        }

    def _template(self, name: str) -> Template:
        (file,) = self.folder.glob(f"*-{name}.template.json")
        return self._read(file)

    def _read(self, file: Path) -> Template:
        return Template(json.loads(file.read_text(encoding="utf-8")))

    def render(self, value: Any) -> str:
        """An ARN or a reference by construct path, as a person would write it."""
        if isinstance(value, str):
            return value
        ((function, argument),) = value.items()
        match function, argument:
            case "Ref", name if name.startswith("AWS::"):
                return f"<{name.removeprefix('AWS::')}>"
            case ("Ref", logical_id) | ("Fn::GetAtt", [logical_id, "Arn" | "Id"]):
                paths = (stack.path(logical_id) for stack in self.stacks.values())
                return next((path for path in paths if path), "")
            case "Fn::GetAtt", [logical_id, attribute]:
                return f"{self.render({'Ref': logical_id})}.{attribute}"
            case "Fn::GetStackOutput", {"StackName": stack, "OutputName": output}:
                producer = self.stacks[stack.rpartition("-")[2]]
                return self.render(producer.outputs[output]["Value"])
            case "Fn::Join", [separator, parts]:
                return str(separator).join(self.render(part) for part in parts)
        raise ValueError(f"Nothing here reads {function}.")


class Template:
    """One CloudFormation template."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    @property
    def resources(self) -> Mapping[str, Resource]:
        resources: Mapping[str, Resource] = self._body["Resources"]
        return resources

    @property
    def outputs(self) -> Mapping[str, Any]:
        outputs: Mapping[str, Any] = self._body["Outputs"]
        return outputs

    def of_type(self, resource_type: str) -> dict[str, Any]:
        """The properties of every resource of a type, by logical id."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self.resources.items()
            if resource["Type"] == f"AWS::{resource_type}"
        }

    def path(self, logical_id: str) -> str:
        """Where a resource stands in the tree of constructs, below its stack."""
        resource = self.resources.get(logical_id)
        if resource is None:
            return ""
        parts = resource["Metadata"]["aws:cdk:path"].split("/")[1:]
        return "/".join(part for part in parts if part != "Resource")

    def function_id(self, called: Mapping[str, Any]) -> str:
        """The logical id of a function that is called by its name, its ARN or its alias."""
        logical_id: str = called["Ref"] if "Ref" in called else called["Fn::GetAtt"][0]
        resource = self.resources[logical_id]
        if resource["Type"] != "AWS::Lambda::Alias":
            return logical_id
        return self.function_id(resource["Properties"]["FunctionName"])

    def functions(self) -> Iterator[tuple[str, Any]]:
        """Each function's name and properties."""
        for properties in self.of_type("Lambda::Function").values():
            yield properties["Environment"]["Variables"]["LOYALTY_SERVICE"], properties
