"""What can go wrong, as AWS names it.

Exception
├── ServiceError                              answered to the client as AWS would; rendered once, in `wire.gateway`
│   ├── before the operation
│   │   ├── SerializationException            the body is not JSON, or not of the types of the model
│   │   ├── ValidationException               a constraint of the model: required, length, range, pattern, enum
│   │   ├── UnknownOperationException         a target AWS lacks
│   │   ├── NotImplementedException           a target this build does not serve yet                      501
│   │   ├── RequestEntityTooLargeException    a body over the limit                                       413
│   │   └── who is calling
│   │       ├── MissingAuthenticationTokenException   unsigned
│   │       ├── IncompleteSignatureException          signed in part
│   │       ├── UnrecognizedClientException           an unknown key; InvalidToken: a wrong session token
│   │       ├── InvalidSignatureException             a wrong or foreign signature
│   │       │   └── RequestTimeTooSkewed · RequestExpired · ContentSHA256Mismatch · BadDigest
│   │       ├── ExpiredTokenException                 credentials past their time
│   │       └── AccessDeniedException                 known, but not allowed
│   ├── the request
│   │   ├── InvalidParameterException         what the model cannot say
│   │   ├── InvalidImageFormatException · ImageTooLargeException · VideoTooLargeException
│   │   ├── InvalidS3ObjectException          no such bucket, key or version, or no access to it
│   │   ├── InvalidPaginationTokenException
│   │   ├── InvalidManifestException · MalformedPolicyDocumentException · InvalidPolicyRevisionIdException
│   │   └── IdempotentParameterMismatchException      a client token used again for something else
│   ├── the resource
│   │   ├── ResourceNotFoundException · ResourceAlreadyExistsException
│   │   ├── ResourceInUseException · ResourceNotReadyException
│   │   ├── SessionNotFoundException          a liveness session
│   │   └── ConflictException                 changed by somebody else meanwhile, or the user exists
│   ├── the limits
│   │   ├── LimitExceededException · ServiceQuotaExceededException      clients do not try again
│   │   ├── HumanLoopQuotaExceededException
│   │   └── ProvisionedThroughputExceededException                      clients try again
│   └── us
│       ├── ThrottlingException                                                                           500
│       └── InternalServerError                                                                           500
└── SetupError                                something a person must put right; the message says what to do
    └── TooLargeToSearchError                 a collection that the memory cannot hold

`code` is the class's name and `status` is 400 unless stated. The classes of the service model are
complete by test; the others are sent by every AWS service that speaks JSON 1.1. Kinds of UnrecognizedClientException
and InvalidSignatureException keep its code: only S3 tells them apart, by the names that these classes have.
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """An error of the service: raised where it is learned, answered as AWS would.

    `message` is AWS's text for the class unless given. `members` are what the model adds to the body
    of a few exceptions (`ResourceType`, `QuotaCode`, ...).
    """

    status: ClassVar[int] = 400
    """The HTTP status."""
    text: ClassVar[str] = ""
    """The message AWS sends when there is nothing particular to say."""

    def __init__(self, message: str | None = None, **members: str) -> None:
        self.message = self.text if message is None else message
        self.members = members
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """AWS's name, which boto3 finds in `error.response["Error"]["Code"]`."""
        return type(self).__name__


# Before the operation: sent by AWS's JSON 1.1 front end, not declared by the service.


class SerializationException(ServiceError): ...


class ValidationException(ServiceError): ...


class UnknownOperationException(ServiceError): ...


class NotImplementedException(ServiceError):
    """Ours: AWS serves all of its operations."""

    status = 501


class RequestEntityTooLargeException(ServiceError):
    status = 413
    text = "Request Entity Too Large"


class MissingAuthenticationTokenException(ServiceError):
    text = "Missing Authentication Token"


class IncompleteSignatureException(ServiceError): ...


class UnrecognizedClientException(ServiceError):
    text = "The security token included in the request is invalid."


class InvalidToken(UnrecognizedClientException):
    code = "UnrecognizedClientException"


class InvalidSignatureException(ServiceError):
    text = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details."
    )


class RequestTimeTooSkewed(InvalidSignatureException):
    code = "InvalidSignatureException"


class RequestExpired(InvalidSignatureException):
    """A presigned URL past its time."""

    code = "InvalidSignatureException"


class ContentSHA256Mismatch(InvalidSignatureException):
    """A body that is not the one that was signed."""

    code = "InvalidSignatureException"


class BadDigest(InvalidSignatureException):
    """A body that has not the checksum that was sent with it."""

    code = "InvalidSignatureException"


class ExpiredTokenException(ServiceError):
    text = "The security token included in the request is expired"


# Declared by the service model.


class AccessDeniedException(ServiceError):
    text = "You are not authorized to perform the action."


class InvalidParameterException(ServiceError):
    text = "Request has invalid parameters"


class InvalidImageFormatException(ServiceError):
    text = "Request has invalid image format"


class ImageTooLargeException(ServiceError):
    text = "Image size is too large"


class VideoTooLargeException(ServiceError): ...


class InvalidS3ObjectException(ServiceError):
    text = "Unable to get object metadata from S3. Check object key, region and/or access permissions."


class InvalidPaginationTokenException(ServiceError):
    text = "Invalid Pagination Token"


class InvalidManifestException(ServiceError): ...


class MalformedPolicyDocumentException(ServiceError): ...


class InvalidPolicyRevisionIdException(ServiceError): ...


class IdempotentParameterMismatchException(ServiceError): ...


class ResourceNotFoundException(ServiceError): ...


class ResourceAlreadyExistsException(ServiceError): ...


class ResourceInUseException(ServiceError): ...


class ResourceNotReadyException(ServiceError): ...


class SessionNotFoundException(ServiceError): ...


class ConflictException(ServiceError): ...


class LimitExceededException(ServiceError): ...


class ServiceQuotaExceededException(ServiceError): ...


class HumanLoopQuotaExceededException(ServiceError):
    """With members `ResourceType`, `QuotaCode` and `ServiceCode`."""


class ProvisionedThroughputExceededException(ServiceError):
    text = "Provisioned Rate exceeded."


class ThrottlingException(ServiceError):
    """A fault by the model, hence 500; clients try again."""

    status = 500
    text = "Rate exceeded"


class InternalServerError(ServiceError):
    status = 500
    text = "Internal server error"


class SetupError(Exception):
    """A missing model, a taken port, an unwritable directory: the message says what to do about it."""


class TooLargeToSearchError(SetupError):
    """The vectors of a collection take more memory than may be taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the collection's vectors take more than {limit / 2**20:.0f} MiB, which is what LOOKALIKE_SEARCH_LIMIT"
            " allows: raise it, and on Lambda lambda_memory_size in .chalice/config.json"
        )
