"""Our reading of the service model against botocore's own."""

from __future__ import annotations

import re

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from chalicelib import errors
from chalicelib.operations import OPERATIONS
from chalicelib.wire import service


def test_the_model_is_the_one_that_botocore_loads(service_model: ServiceModel) -> None:
    loaded = Loader().load_service_model("rekognition", "service-2")
    assert service.model()["metadata"] == loaded["metadata"]
    assert service.model()["shapes"] == loaded["shapes"]
    assert f"{service_model.metadata['targetPrefix']}." == service.TARGET


def test_there_are_75_operations(service_model: ServiceModel) -> None:
    assert service.operations() == set(service_model.operation_names)
    assert len(service.operations()) >= 75


def test_all_that_is_served_is_an_operation_of_aws() -> None:
    assert OPERATIONS.keys() <= service.operations()


def test_every_exception_of_the_model_is_a_class(service_model: ServiceModel) -> None:
    for shape in service_model.error_shapes:
        error = getattr(errors, shape.name)
        assert issubclass(error, errors.ServiceError)
        assert (error.status == 500) == service.shape(shape.name).get("fault", False), shape.name
        assert error("x").code == shape.name


def test_the_tree_in_the_docstring_names_every_class() -> None:
    classes = [name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)]
    missing = [name for name in classes if name not in (errors.__doc__ or "")]
    assert not missing


@pytest.mark.parametrize("letters", [r"\p{L}", r"\p{N}"])
def test_unicode_classes_come_together(letters: str) -> None:
    r"""`validation` reads `\p{L}` and `\p{N}` as `\w`, which is right only where the class has both and `_`."""
    patterns = [shape["pattern"] for shape in service.model()["shapes"].values() if letters in shape.get("pattern", "")]
    assert patterns
    for pattern in patterns:
        for inside in re.findall(r"\[(.*?)\]", pattern):
            assert all(part in inside for part in (r"\p{L}", r"\p{N}", "_")), pattern
