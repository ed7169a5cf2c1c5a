"""Answers as scripts hold them."""

from __future__ import annotations

import json

import pytest
from botocore.model import ServiceModel
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.wire import documents
from tests.wire.members import members


@settings(max_examples=3, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("operation", ["DetectFaces", "GetLabelDetection", "DescribeProjectVersions", "IndexFaces"])
def test_documents_and_members_are_inverse(operation: str, service_model: ServiceModel, data: st.DataObject) -> None:
    answer = data.draw(members(service_model.operation_model(operation).output_shape))
    document = documents.write_answer(operation, answer)
    again = documents.read_answer(operation, json.loads(json.dumps(document)))
    assert documents.write_answer(operation, again) == document
