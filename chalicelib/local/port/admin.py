"""What no operation of Rekognition does, for the command line of whoever runs the server.

    POST /_lookalike/admin/AddConsent     {"CollectionId", "ExternalImageId"}
    POST /_lookalike/admin/RemoveConsent  the same; erases the faces of that name, and says how many
    POST /_lookalike/admin/ListConsents   {"CollectionId"}
    POST /_lookalike/admin/AddOptOut      {"Photo": base64}
    POST /_lookalike/admin/RemoveOptOut   {"Ids": [...]}
    POST /_lookalike/admin/ListOptOuts    {}
    POST /_lookalike/admin/FindPerson     {"Photo": base64, "Similarity"} or {"ExternalImageId"}
    POST /_lookalike/admin/ErasePerson    the same; answers with the receipt
    POST /_lookalike/admin/RotateKey      {"DropOld"}: see `state.rotation`

Where signatures are required, only the operator, or a key that may do everything, comes so far (`gate`). Each
that changes something is an event in the audit, which names no person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from ...backend import Backend
from ...errors import InvalidParameterException, ServiceError, SetupError
from ...operations import optouts, policy
from ...operations.erasing import Person, erase, find
from ...operations.searching import face_log
from ...telemetry import logger
from ...wire.gateway import Request, Response
from ..state.rotation import Rotation
from .answers import as_json
from .origins import OWN

PATH = f"{OWN}/admin/"

Event = Callable[[str, Mapping[str, object]], None]
"""Keeps an event, by its name, in the audit."""


class Consent(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """Somebody of a collection, for AddConsent and RemoveConsent."""

    collection_id: str
    external_image_id: str


class Collection(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A collection, for ListConsents."""

    collection_id: str


class Photo(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """An encoded picture, for AddOptOut: JPEG or PNG, base64 in the body."""

    photo: bytes


class Ids(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """Entries of the list of opt-outs, for RemoveOptOut."""

    ids: list[str]


class Whom(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A person by a photo or by a name, for FindPerson and ErasePerson."""

    photo: bytes | None = None
    external_image_id: str | None = None
    similarity: float = 99.0

    @property
    def person(self) -> Person:
        """Raises InvalidParameterException unless it is named in exactly one way."""
        if (self.photo is None) == (self.external_image_id is None):
            raise InvalidParameterException("Name a person by a Photo or by an ExternalImageId")
        return Person(self.photo, self.external_image_id, self.similarity)


class Drop(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """Whether RotateKey forgets the old key; None leaves it to where the key file lies."""

    drop_old: bool | None = None


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No members."""


class Admin:
    """The routes. `rotation` None: nothing is kept, and no key need be changed."""

    def __init__(self, backend: Backend, event: Event, rotation: Rotation | None) -> None:
        self._backend = backend
        self._event = event
        self._rotation = rotation
        self._actions: Mapping[str, tuple[type[Any], Callable[[Any], Any]]] = {
            "AddConsent": (Consent, self.add_consent),
            "RemoveConsent": (Consent, self.remove_consent),
            "ListConsents": (Collection, self.list_consents),
            "AddOptOut": (Photo, self.add_opt_out),
            "RemoveOptOut": (Ids, self.remove_opt_outs),
            "ListOptOuts": (Nothing, self.list_opt_outs),
            "FindPerson": (Whom, self.find_person),
            "ErasePerson": (Whom, self.erase_person),
            "RotateKey": (Drop, self.rotate_key),
        }

    def answer(self, request: Request) -> Response | None:
        """Answer a request for one of the routes; None for others."""
        if request.method != "POST" or not request.path.startswith(PATH):
            return None
        action = self._actions.get(request.path.removeprefix(PATH))
        if action is None:
            return None
        kind, run = action
        try:
            return as_json(HTTPStatus.OK, run(msgspec.json.decode(request.body, type=kind)))
        except msgspec.DecodeError as error:
            return as_json(HTTPStatus.BAD_REQUEST, {"Message": str(error)})
        except ServiceError as error:
            return as_json(error.status, {"__type": error.code, "Message": error.message or error.code})
        except SetupError as error:
            logger.error("%s: %s", request.path, error)
            return as_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"Message": str(error)})

    def add_consent(self, asked: Consent) -> Any:
        """From now on the name may be indexed."""
        head = self._backend.store.collections.get(asked.collection_id)
        self._backend.store.consents.add(head, asked.external_image_id, self._backend.clock())
        self._event("AddConsent", {"collection": head.id})
        return {}

    def remove_consent(self, asked: Consent) -> Any:
        """Who withdraws a consent is not kept either."""
        head = self._backend.store.collections.get(asked.collection_id)
        given = self._backend.store.consents.remove(head, asked.external_image_id)
        payloads = self._backend.search.index(face_log(head, self._backend)).payloads()
        faces = [face.id for face in payloads if face.external_id == asked.external_image_id]
        policy.erase(head, faces, self._backend)
        self._event("RemoveConsent", {"collection": head.id, "facesErased": len(faces)})
        return {"Given": given, "FacesErased": len(faces)}

    def list_consents(self, asked: Collection) -> Any:
        """The names of a collection with the days on which they consented."""
        consents = self._backend.store.consents.all(self._backend.store.collections.get(asked.collection_id))
        return {"Consents": [{"ExternalImageId": one.external_id, "Since": one.since} for one in consents]}

    def add_opt_out(self, asked: Photo) -> Any:
        """The largest face of the photo is kept out, and erased where it is."""
        added, erased = optouts.add(asked.photo, self._backend)
        self._event("AddOptOut", {"optOutId": added.id, "facesErased": erased})
        return {"Id": added.id, "FacesErased": erased}

    def remove_opt_outs(self, asked: Ids) -> Any:
        """These faces may be indexed again."""
        removed = optouts.remove(asked.ids, self._backend)
        self._event("RemoveOptOut", {"optOutIds": removed})
        return {"Removed": removed}

    def list_opt_outs(self, _: Nothing) -> Any:
        """Ids and days: nothing else is known of them."""
        return {"OptOuts": [{"Id": one.id, "Added": one.added} for one in self._backend.store.optouts.all()]}

    def find_person(self, asked: Whom) -> Any:
        """What an erasure would erase."""
        return find(asked.person, self._backend)

    def erase_person(self, asked: Whom) -> Any:
        """What is kept of the person is erased."""
        receipt = erase(asked.person, self._backend)
        erased = {
            "receipt": receipt.receipt_id,
            "sha256": receipt.sha256,
            "faces": len(receipt.erased.faces),
            "objects": len(receipt.erased.objects),
        }
        self._event("ErasePerson", erased)
        return receipt

    def rotate_key(self, asked: Drop) -> Any:
        """Everything is wrapped by a new key."""
        if self._rotation is None:
            raise InvalidParameterException("This server keeps nothing: its key goes with it")
        rotated = self._rotation.run(asked.drop_old)
        self._event("RotateKey", msgspec.to_builtins(rotated))
        return rotated
