"""What can go wrong, as AWS names it.

ServiceError                             answered to the client as AWS would
SetupError                               something a person must put right
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """An error of the service, rendered once, in `wire.gateway`.

    `code` is AWS's name for it (the class name unless stated), `status` the HTTP status.
    """

    status: ClassVar[int] = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        return type(self).__name__


class InvalidParameterException(ServiceError): ...


class InvalidImageFormatException(ServiceError): ...


class ImageTooLargeException(ServiceError): ...


class InvalidS3ObjectException(ServiceError): ...


class InvalidPaginationTokenException(ServiceError): ...


class ResourceNotFoundException(ServiceError): ...


class ResourceAlreadyExistsException(ServiceError): ...


class InternalServerError(ServiceError):
    status = 500


class SetupError(Exception):
    """A missing model, a taken port, an unwritable directory: the message says what to do about it."""
