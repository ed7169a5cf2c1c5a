"""CreateCollection, DescribeCollection, ListCollections, DeleteCollection and tags, with AWS's members and errors."""

from __future__ import annotations

import pytest

from chalicelib.errors import (
    InvalidPaginationTokenException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)
from tests.operations.conftest import Client, Clock


def arn(client: Client, name: str, kind: str = "collection") -> str:
    return f"aws:rekognition:us-east-1:{client.backend.account}:{kind}/{name}"


def test_a_collection_from_first_to_last(client: Client, clock: Clock) -> None:
    assert client("CreateCollection", CollectionId="people") == {
        "StatusCode": 200,
        "CollectionArn": arn(client, "people"),
        "FaceModelVersion": "7.0",
    }
    assert client("DescribeCollection", CollectionId="people") == {
        "FaceCount": 0,
        "UserCount": 0,
        "FaceModelVersion": "7.0",
        "CollectionARN": f"arn:{arn(client, 'people')}",
        "CreationTimestamp": clock.now,
    }
    assert client("ListCollections") == {"CollectionIds": ["people"], "FaceModelVersions": ["7.0"]}
    with pytest.raises(ResourceAlreadyExistsException, match="The collection id: people already exists"):
        client("CreateCollection", CollectionId="people")
    assert client("DeleteCollection", CollectionId="people") == {"StatusCode": 200}
    assert client("ListCollections") == {"CollectionIds": [], "FaceModelVersions": []}
    for operation in ("DescribeCollection", "DeleteCollection"):
        with pytest.raises(ResourceNotFoundException, match="The collection id: people does not exist"):
            client(operation, CollectionId="people")


def test_names_keep_their_case(client: Client) -> None:
    for name in ("A", "a", "0._-"):
        client("CreateCollection", CollectionId=name)
    assert sorted(client("ListCollections")["CollectionIds"]) == ["0._-", "A", "a"]


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_of_collections(client: Client, limit: int) -> None:
    names = ["a", "b" * 255, "c" * 170, "d", "e"]
    for name in names:
        client("CreateCollection", CollectionId=name)
    pages = list(client.pages("ListCollections", MaxResults=limit))
    assert [name for page in pages for name in page["CollectionIds"]] == names
    assert len(pages) == -(-5 // limit), "no page is empty"
    assert all(len(page["FaceModelVersions"]) == len(page["CollectionIds"]) for page in pages)
    assert all(len(page.get("NextToken", "")) <= 255 for page in pages)


def test_no_results_at_all_means_the_default(client: Client) -> None:
    client("CreateCollection", CollectionId="a")
    assert client("ListCollections", MaxResults=0)["CollectionIds"] == ["a"]


def test_a_token_serves_its_own_request_for_a_day(client: Client, clock: Clock) -> None:
    for name in "abc":
        client("CreateCollection", CollectionId=name)
    token = client("ListCollections", MaxResults=1)["NextToken"]
    clock.move(hours=23.9)
    assert client("ListCollections", MaxResults=2, NextToken=token)["CollectionIds"] == ["b", "c"]
    with pytest.raises(InvalidPaginationTokenException, match="Invalid Pagination Token"):
        client("ListFaces", CollectionId="a", NextToken=token)
    clock.move(hours=0.2)
    with pytest.raises(InvalidPaginationTokenException):
        client("ListCollections", NextToken=token)


def test_tokens_that_were_never_given(client: Client) -> None:
    for name in "ab":
        client("CreateCollection", CollectionId=name)
    token = client("ListCollections", MaxResults=1)["NextToken"]
    altered = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token) - 1)]
    for wrong in ("x", "", "€", "=" * 5, token[:-4], token + "AAAA", *altered):
        with pytest.raises(InvalidPaginationTokenException):
            client("ListCollections", NextToken=wrong)


def test_tags(client: Client) -> None:
    created = client("CreateCollection", CollectionId="people", Tags={"a": "1", "b": "2"})["CollectionArn"]
    for name in (created, f"arn:{created}"):
        assert client("TagResource", ResourceArn=name, Tags={"b": "3", "c": "4"}) == {}
        assert client("ListTagsForResource", ResourceArn=name) == {"Tags": {"a": "1", "b": "3", "c": "4"}}
    assert client("UntagResource", ResourceArn=created, TagKeys=["a", "unknown"]) == {}
    assert client("ListTagsForResource", ResourceArn=created) == {"Tags": {"b": "3", "c": "4"}}


def test_a_resource_has_two_hundred_tags_at_most(client: Client) -> None:
    created = client("CreateCollection", CollectionId="people", Tags={f"k{at}": "" for at in range(150)})
    name = created["CollectionArn"]
    with pytest.raises(ServiceQuotaExceededException):
        client("TagResource", ResourceArn=name, Tags={f"l{at}": "" for at in range(51)})
    client("TagResource", ResourceArn=name, Tags={f"l{at}": "" for at in range(50)} | {"k0": "changed"})
    assert len(client("ListTagsForResource", ResourceArn=name)["Tags"]) == 200
    with pytest.raises(ValidationException):
        client("TagResource", ResourceArn=name, Tags={"aws:mine": "x"})


def test_arns_of_nothing(client: Client) -> None:
    elsewhere = arn(client, "people").replace("us-east-1", "eu-west-1")
    for name in (arn(client, "people"), elsewhere, arn(client, "people", "streamprocessor")):
        with pytest.raises(ResourceNotFoundException):
            client("ListTagsForResource", ResourceArn=name)
    with pytest.raises(InvalidParameterException):
        client("ListTagsForResource", ResourceArn="arn:aws:s3:::a-bucket-of-mine")
