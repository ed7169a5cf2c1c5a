"""What Terraform deploys is what the program has: tables, functions, routes, settings and policies."""

from __future__ import annotations

import ctypes
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from chalice.app import Rate, ScheduledEventConfig

import app as application
from chalicelib.config import Settings
from deploy import building, costs, elf, tables
from tests.conftest import ROOT

TERRAFORM = ROOT / "deploy" / "terraform"
POLICIES = ROOT / "deploy" / "policies"
DEPLOYED = {"api_handler", "on_uploads", "on_job", "on_clock"}
FUNCTIONS = ("api", "uploads", "jobs", "clock")


def terraform(name: str) -> str:
    return (TERRAFORM / f"{name}.tf").read_text()


def policy(name: str) -> dict[str, Any]:
    """A policy as Terraform renders it, for names as short as can be."""
    text = (POLICIES / f"{name}.json").read_text()
    text = re.sub(r"\$\{jsonencode\(.*?\)\}(?=\n|,|\})", '["arn:list"]', text)
    rendered: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", text))
    return rendered


def test_tables_are_those_that_the_program_makes() -> None:
    assert tables.kept() == tables.schema(), "run `python -m deploy tables`"


def test_functions_are_the_applications_handlers() -> None:
    named = dict(re.findall(r'(\w+)\s+= \{ handler = "([\w.]+)"', terraform("functions")))
    assert named == {name: handler for name, (handler, _) in building.FUNCTIONS.items() if name in DEPLOYED}
    assert {source.name for source in application.app.event_sources} >= DEPLOYED - {"api_handler"}
    for handler in named.values():
        assert callable(getattr(application, handler.removeprefix("app.")))


def test_the_clock_strikes_as_the_application_says() -> None:
    (schedule,) = (source for source in application.app.event_sources if isinstance(source, ScheduledEventConfig))
    assert isinstance(schedule.schedule_expression, Rate)
    (rule,) = re.findall(r'schedule_expression = "(.+)"', terraform("events"))
    assert rule == schedule.schedule_expression.to_string()


def test_alarms_are_paid_for() -> None:
    """As many as Terraform makes: two for each function, one for each queue of dead letters, and those by name."""
    alarms = terraform("alarms").partition('resource "')[0]
    named = re.findall(r"^      [a-z-]+ = \{", alarms, re.MULTILINE)
    assert 2 * len(DEPLOYED) + 2 + len(named) == costs.ALARMS


def test_layers_are_those_that_were_measured() -> None:
    for name in DEPLOYED:
        _, layers = building.FUNCTIONS[name]
        found = re.search(rf'{name}\s+= {{ handler = "[^"]+", layers = (\[[^]]*\])', terraform("functions"))
        assert found is not None
        assert tuple(json.loads(found[1])) == layers


def test_routes_are_the_applications() -> None:
    methods = re.findall(r'resource = [\w.]+?(root_resource|media|medium)[\w.]*, method = "(\w+)"', terraform("api"))
    paths = {"root_resource": "/", "media": "/media", "medium": "/media/{key}"}
    deployed = {(paths[resource], method) for resource, method in methods}
    routes = application.app.routes
    assert deployed == {(path, method) for path, entries in routes.items() for method in entries}


def test_only_rekognitions_own_route_is_open_to_who_signs_for_rekognition() -> None:
    open_ = re.findall(r'method = "(\w+)", authorization = "NONE"', terraform("api"))
    assert open_ == ["POST"]


def test_settings_that_terraform_sets_are_settings() -> None:
    named = re.findall(r"LOOKALIKE_([A-Z_]+)", terraform("functions"))
    assert named
    assert {name.lower() for name in named} <= {field.name for field in msgspec.structs.fields(Settings)}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_stages_size_every_function(stage: str) -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"][stage]
    sizes = config["lambda_functions"]
    assert {*sizes} == DEPLOYED
    for function in sizes.values():
        assert 128 <= function["lambda_memory_size"] <= 10240
        assert function["lambda_timeout"] <= 900
    assert sizes["api_handler"]["lambda_timeout"] <= 29, "API Gateway waits no longer"
    reserved = sum(function.get("reserved_concurrency", 0) for function in sizes.values())
    assert reserved <= 900, "AWS keeps 100 of an account's 1,000 unreserved"


@pytest.mark.parametrize("name", [path.stem for path in POLICIES.glob("*.json")])
def test_policies_are_policies(name: str) -> None:
    document = policy(name)
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_policies_of_functions_name_what_they_allow(name: str) -> None:
    for statement in policy(name)["Statement"]:
        actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
        assert not [action for action in actions if "*" in action]
        assert not [resource for resource in resources if resource == "*"]
        assert "dynamodb:DeleteTable" not in actions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_policies_name_tables_that_there_are(name: str) -> None:
    assert tables_of(name) <= {*tables.kept()}


def test_every_table_is_the_apis() -> None:
    assert tables_of("api") == {*tables.kept()}, "say in deploy/policies who may use a new table"


def test_only_the_api_reads_keys_of_callers() -> None:
    for name in FUNCTIONS:
        assert ("access-keys" in (POLICIES / f"{name}.json").read_text()) == (name == "api")


def test_a_stand_in_has_the_names_and_does_nothing(tmp_path: Path) -> None:
    machine = elf.read(_own_library()).machine
    path = tmp_path / "libuncalled.so"
    path.write_bytes(elf.stand_in(machine, "libuncalled.so.1", ["open_it", "close_it", "ask_it"]))
    found = ctypes.CDLL(str(path))
    assert [found.open_it(), found.close_it(), found.ask_it()] == [0, 0, 0]
    with pytest.raises(AttributeError):
        _ = found.absent


def _own_library() -> Path:
    """Some shared library that this Python runs."""
    import _ctypes

    return Path(_ctypes.__file__)


def test_a_library_tells_what_it_needs_and_has() -> None:
    library = elf.read(_own_library())
    assert "PyInit__ctypes" in library.defined
    assert any(name.startswith("libc.so") for name in library.needed)
    assert "PyErr_SetString" in library.undefined


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing")
    assert not elf.is_library(tmp_path / "text")
    with pytest.raises(ValueError, match="no shared library"):
        elf.read(tmp_path / "text")


def tables_of(name: str) -> set[str]:
    """The tables that a policy names."""
    resources = (resource for statement in policy(name)["Statement"] for resource in as_list(statement["Resource"]))
    return {resource.rpartition("/name-")[2] for resource in resources if ":dynamodb:" in resource}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
