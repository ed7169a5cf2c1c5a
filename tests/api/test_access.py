"""With --auth required: clients sign in unchanged, and may do what their keys' policies say."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.api.clients import BOTO3, PHOTO, printed
from tests.api.guarded import NOBODY, POOL, SERVICES, Asked, Guarded, Held, lookalike

# ---- clients sign in unchanged


def test_a_program_of_boto3(guarded: Guarded) -> None:
    assert printed(sys.executable, BOTO3, PHOTO, "boto3-signed", environ=guarded.environment())


def test_a_program_of_the_javascript_sdk(guarded: Guarded, javascript_program: Path) -> None:
    told = printed("node", javascript_program, PHOTO, "javascript-signed", environ=guarded.environment())
    assert json.loads(told)["faces"] == 1


def test_the_command_line_of_aws(guarded: Guarded, tmp_path: Path) -> None:
    aws = Path(sys.executable).with_name("aws")
    if not aws.exists():
        pytest.skip("the AWS CLI is not installed here")

    def run(*arguments: str) -> str:
        return printed(sys.executable, aws, *arguments, environ=guarded.environment())

    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * 40_000)  # 10 MB: in parts
    run("s3", "cp", str(big), "s3://guarded/big")
    run("s3", "cp", "s3://guarded/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    photo = run("rekognition", "detect-faces", "--image-bytes", f"fileb://{PHOTO}")
    assert len(json.loads(photo)["FaceDetails"]) == 1
    assert json.loads(run("sts", "get-caller-identity"))["Arn"] == "arn:aws:iam::123456789012:user/ada"


@pytest.mark.parametrize("service", ["dynamodb", "iam", "kms", "s3", "sns", "sqs", "sts"])
def test_every_service_knows_who_signs(guarded: Guarded, service: str) -> None:
    calls = {
        "dynamodb": ("list_tables", "TableNames"),
        "iam": ("list_users", "Users"),
        "kms": ("list_keys", "Keys"),
        "s3": ("list_buckets", "Buckets"),
        "sns": ("list_topics", "Topics"),
        "sqs": ("list_queues", "QueueUrls"),
        "sts": ("get_caller_identity", "Arn"),
    }
    operation, member = calls[service]
    assert member in getattr(guarded.client(service), operation)()
    with pytest.raises(ClientError) as caught:
        getattr(guarded.client(service, NOBODY), operation)()
    assert caught.value.response["Error"]["Code"] in (
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
    )


# ---- URLs, forms and sessions


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_a_presigned_url(guarded: Guarded, version: str | None) -> None:
    s3 = guarded.client("s3", signature_version=version)
    where = {"Bucket": "guarded", "Key": "a b/ü.txt"}
    assert POOL.request("PUT", s3.generate_presigned_url("put_object", where), body=b"told").status == 200
    url = s3.generate_presigned_url("get_object", where)
    assert POOL.request("GET", url).data == b"told"
    assert POOL.request("GET", url.replace("%20b", "%20c")).status == 403
    assert POOL.request("DELETE", url).status == 403
    late = s3.generate_presigned_url("get_object", where, ExpiresIn=-1 if version is None else 0)
    assert POOL.request("GET", late).status in (400, 403)


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_a_presigned_form(guarded: Guarded, version: str | None) -> None:
    s3 = guarded.client("s3", signature_version=version)
    form = s3.generate_presigned_post("guarded", "forms/${filename}", Conditions=[["content-length-range", 1, 10]])

    def post(content: bytes, **other: str) -> int:
        fields = {**form["fields"], **other, "file": ("a.txt", content, "text/plain")}
        return POOL.request("POST", form["url"], fields=fields).status

    assert post(b"told") == 204
    assert s3.get_object(Bucket="guarded", Key="forms/a.txt")["Body"].read() == b"told"
    assert post(b"more than ten bytes") == 403
    assert post(b"told", key="elsewhere/a.txt") == 403
    assert POOL.request("POST", form["url"], fields={"key": "a", "file": ("a.txt", b"told")}).status == 403


def test_a_session_of_sts(guarded: Guarded) -> None:
    role = guarded.client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="ada")
    given = role["Credentials"]
    key = Held(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert guarded.client("rekognition", key).list_collections()["CollectionIds"] is not None
    assert guarded.client("s3", key).list_buckets()["Buckets"]
    arn = guarded.client("sts", key).get_caller_identity()["Arn"]
    assert arn == role["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/reader/ada"
    for token in (None, "another"):
        for service, code in (("rekognition", "UnrecognizedClientException"), ("s3", "Invalid")):
            asked = SERVICES[service].signed(guarded.url, replace(key, token=token))
            assert asked.send(guarded.url)[1].startswith(code)
    with pytest.raises(ClientError, match="Session policies are not supported"):
        guarded.client("sts").assume_role(RoleArn="arn:aws:iam::1:role/r", RoleSessionName="ada", Policy="{}")


# ---- policies, and paths of our own


def test_a_key_with_a_policy(guarded: Guarded) -> None:
    collections = "arn:aws:rekognition:us-east-1:123456789012:collection"
    statements = [
        {"Effect": "Allow", "Action": "rekognition:*", "Resource": [f"{collections}/own", "*"]},
        {"Effect": "Deny", "Action": "rekognition:*", "NotResource": [f"{collections}/own", "*"]},
        {"Effect": "Deny", "Action": "rekognition:*", "Resource": f"{collections}/others"},
    ]
    bob = guarded.client("rekognition", key := guarded.another_key({"Version": "2012-10-17", "Statement": statements}))
    bob.create_collection(CollectionId="own")
    assert bob.describe_collection(CollectionId="own")["FaceCount"] == 0
    guarded.client("rekognition").create_collection(CollectionId="others")
    with pytest.raises(bob.exceptions.AccessDeniedException) as caught:
        bob.describe_collection(CollectionId="others")
    assert caught.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: rekognition:DescribeCollection on "
        f"resource: {collections}/others with an explicit deny in an identity-based policy"
    )
    with pytest.raises(bob.exceptions.InvalidS3ObjectException):
        bob.detect_faces(Image={"S3Object": {"Bucket": "guarded", "Name": "a.jpg"}})
    for service in ("s3", "dynamodb", "sns"):
        assert SERVICES[service].signed(guarded.url, key).send(guarded.url)[1].startswith("AccessDenied")
    requests = Asked("rekognition", "GET", "/_lookalike/requests", {}, b"").signed(guarded.url, key)
    assert requests.send(guarded.url) == (403, "AccessDeniedException")


def test_a_policy_that_cannot_be_held_to(guarded: Guarded, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}')
    said = lookalike("keys", "create", "--data-dir", str(guarded.data_dir), "--policy", str(policy), fails=True)
    assert said.startswith("lookalike: s3:ListBucket is not supported")
    here = ("--data-dir", str(guarded.data_dir))
    assert "cannot be read" in lookalike("keys", "create", *here, "--policy", str(tmp_path / "absent"), fails=True)


@pytest.mark.parametrize(
    "path", ["/_lookalike/requests", "/_lookalike/jobs/x", "/_lookalike/keys", "/_lookalike/script"]
)
def test_paths_of_our_own_ask_too(guarded: Guarded, path: str) -> None:
    asked = Asked("rekognition", "GET", path, {}, b"")
    assert asked.send(guarded.url) == (403, "MissingAuthenticationTokenException")
    assert asked.signed(guarded.url, NOBODY).send(guarded.url) == (403, "UnrecognizedClientException")
    assert asked.signed(guarded.url, guarded.key).send(guarded.url)[1] == ""


def test_what_is_known_of_uploads_asks_too(guarded: Guarded) -> None:
    asked = Asked("execute-api", "GET", "/media?label=Face", {}, b"")
    assert asked.send(guarded.url)[0] == 403
    assert asked.signed(guarded.url, guarded.key).send(guarded.url) == (200, "")


def test_health_is_told_to_all(guarded: Guarded) -> None:
    assert POOL.request("GET", f"{guarded.url}/_lookalike/health").status == 200
    assert POOL.request("POST", f"{guarded.url}/_lookalike/health").status == 403


def test_a_signed_request_reaches_no_other_account(guarded: Guarded) -> None:
    asked = SERVICES["dynamodb"].signed(guarded.url, guarded.key)
    other = replace(asked, headers={**asked.headers} | {"x-moto-account-id": "999999999999"})
    answer = POOL.request("POST", guarded.url, body=other.body, headers=dict(other.headers))
    assert "lookalike-collections" in answer.json()["TableNames"]


@pytest.mark.parametrize("path", ["/sqs_us-east-1/", "/dynamodb_us-east-1/x"])
def test_a_url_for_s3_reaches_s3_alone(guarded: Guarded, path: str) -> None:
    """moto would take such a path for another of its services."""
    url = guarded.client("s3", signature_version="s3v4").generate_presigned_url(
        "get_object", {"Bucket": path.split("/")[1], "Key": "x"}
    )
    assert b"<Code>NoSuchBucket</Code>" in POOL.request("GET", url).data
