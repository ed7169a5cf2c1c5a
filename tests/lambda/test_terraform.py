"""The application is applied by Terraform to the local port, works there, and is destroyed without a trace.

What moto does not take or keep, and so is not seen here: it stores a redrive policy with other whitespace, which a
second plan shows as a change; it runs no function without docker, so the functions are
run from their package with the environment that Terraform gave them; it enforces no policy (see test_policies), no
reserved concurrency, and neither encryption nor backups happen, they are only noted. A key waits 30 days for its
deletion, as on AWS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy import building, proof, tables
from tests import tools
from tests.conftest import ROOT, Server

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Terraform:
    """A copy of deploy/ that ends at the local port."""

    folder: Path
    environ: dict[str, str]
    variables: tuple[str, ...]

    def __call__(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["terraform", arguments[0], "-no-color", *arguments[1:]]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | self.environ, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done

    def output(self) -> dict[str, Any]:
        return {name: of["value"] for name, of in json.loads(self("output", "-json").stdout).items()}


@pytest.fixture(scope="module")
def terraform(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    root = tmp_path_factory.mktemp("terraform")
    try:
        found = tools.terraform(root)
    except tools.AbsentError as absent:
        pytest.skip(str(absent))
    shutil.copytree(ROOT / "deploy", root / "deploy", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    shutil.copytree(ROOT / ".chalice", root / ".chalice")
    folder = root / "deploy" / "terraform"
    (folder / "local_override.tf").write_text('provider "aws" {\n  s3_use_path_style = true\n}\n')
    environ = {
        **found,
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
    run = Terraform(folder, environ, ())
    run("init", "-input=false")
    return run


@pytest.fixture(scope="module")
def applied(terraform: Terraform, package: building.Package, server: Server) -> Iterator[Terraform]:
    values = {"dist": package.folder.parent, "target": package.target, "keep_data": "false", "function_url": "true"}
    variables = tuple(f"-var={name}={value}" for name, value in values.items())
    for part in ("function", "models", "video"):  # moto keeps the zips in memory, and opens none
        (package.folder / f"{part}.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    run = Terraform(terraform.folder, terraform.environ, variables)
    before = existing(server)
    run("plan", "-input=false", "-out=planned", *variables)
    run("apply", "-input=false", "planned")
    yield run
    run("destroy", "-input=false", "-auto-approve", *variables)
    assert existing(server) == before, "destroy leaves nothing"


def existing(server: Server) -> dict[str, Any]:
    """The names of everything that there is, by service."""
    return {
        "tables": server.client("dynamodb").list_tables()["TableNames"],
        "buckets": [bucket["Name"] for bucket in server.client("s3").list_buckets()["Buckets"]],
        "queues": server.client("sqs").list_queues().get("QueueUrls", []),
        "functions": server.client("lambda").list_functions()["Functions"],
        "layers": server.client("lambda").list_layers()["Layers"],
        "mappings": server.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "rules": server.client("events").list_rules()["Rules"],
        "apis": server.client("apigateway").get_rest_apis()["items"],
        "roles": server.client("iam").list_roles()["Roles"],
        "topics": server.client("sns").list_topics()["Topics"],
        "alarms": server.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "logs": server.client("logs").describe_log_groups()["logGroups"],
        "aliases": sorted(alias["AliasName"] for alias in server.client("kms").list_aliases()["Aliases"]),
    }


def test_the_configuration_is_valid_and_well_formed(terraform: Terraform) -> None:
    assert json.loads(terraform("validate", "-json").stdout)["diagnostics"] == []
    assert terraform("fmt", "-check", "-diff", str(ROOT / "deploy" / "terraform"), check=False).stdout == ""


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (["auth=none"], "everybody"),
        (["target=3.10-x86_64"], "3.12 or 3.13"),
        (["auth=none", "function_url=true", 'vpc_endpoints=["vpce-1"]'], "open to the world"),
    ],
)
def test_what_would_be_open_or_does_not_run_is_refused(terraform: Terraform, variables: list[str], told: str) -> None:
    refused = terraform("plan", "-input=false", *(f"-var={each}" for each in variables), check=False)
    assert refused.returncode == 1
    assert told in " ".join(refused.stderr.split())


def test_applied_again_it_changes_nothing(applied: Terraform) -> None:
    applied("plan", "-input=false", "-out=again", *applied.variables)
    plan = json.loads(applied("show", "-json", "again").stdout)
    changes = {each["address"]: each["change"] for each in plan["resource_changes"]}
    changed = {address for address, change in changes.items() if change["actions"] != ["no-op"]}
    assert changed <= {"aws_sqs_queue.jobs", "aws_sqs_queue.uploads"}
    for queue in (changes[address] for address in changed):
        assert json.loads(queue["before"]["redrive_policy"]) == json.loads(queue["after"]["redrive_policy"])


def test_tables_are_sealed_and_backed_up(applied: Terraform, server: Server) -> None:
    dynamodb, prefix = server.client("dynamodb"), applied.output()["environment"]["LOOKALIKE_TABLE_PREFIX"]
    for name in tables.kept():
        table = dynamodb.describe_table(TableName=f"{prefix}-{name}")["Table"]
        assert table["SSEDescription"]["SSEType"] == "KMS"
        assert table["SSEDescription"]["KMSMasterKeyArn"] == applied.output()["environment"]["LOOKALIKE_KMS_KEY"]
        backups = dynamodb.describe_continuous_backups(TableName=f"{prefix}-{name}")["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.usefixtures("applied")
def test_queues_report_failures_one_by_one(server: Server) -> None:
    mappings = server.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["EventSourceArn"].rpartition(":")[2]: mapping["State"] for mapping in mappings} == {
        "lookalike-dev-jobs": "Enabled",
        "lookalike-dev-uploads": "Enabled",
    }
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings)


@pytest.mark.usefixtures("applied")
def test_the_clock_calls_its_function_and_may(server: Server) -> None:
    function = server.client("lambda").get_function_configuration(FunctionName="lookalike-dev-on_clock")
    (rule,) = server.client("events").list_rules(NamePrefix="lookalike-dev-")["Rules"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 hour)", "ENABLED")
    (target,) = server.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == function["FunctionArn"]
    policy = json.loads(server.client("lambda").get_policy(FunctionName="lookalike-dev-on_clock")["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": rule["Arn"]}}
    logs = server.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/lookalike-dev-on_clock")
    assert [group["retentionInDays"] for group in logs["logGroups"]] == [30]


def test_uploads_are_told_to_the_queue(applied: Terraform, server: Server) -> None:
    server.client("s3").put_object(Bucket=applied.output()["uploads"], Key="notes.txt", Body=b"no picture")
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="lookalike-dev-uploads")["QueueUrl"]
    bodies: list[Any] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(message["Body"]) for message in found]
    told = [record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", ())]
    assert "notes.txt" in told


@pytest.mark.usefixtures("applied")
def test_the_application_answers_with_what_was_applied(package: building.Package, server: Server) -> None:
    """Tables, buckets, queue and key are those that the functions' environment names, and they suffice."""
    function = server.client("lambda").get_function_configuration(FunctionName="lookalike-dev-api_handler")
    environ = function["Environment"]["Variables"] | {"LOOKALIKE_AUTH": "none"}
    proof.prove(package, proof.Account(server.url, environ))
