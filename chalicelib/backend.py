"""What an operation is given: one account in one region, and the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.session import Session

from .config import Settings
from .errors import ImageTooLargeException, InvalidParameterException
from .jobs.queue import Desk
from .search import Search
from .store.media import Media
from .store.store import Store
from .store.vault import Keys, KmsKeys, LocalKeys, NoKeys
from .vision.embedding import DIMENSIONS
from .vision.picture import LARGEST_SIDE, SMALLEST_SIDE, Picture, decode
from .vision.representation import represent
from .vision.sessions import Sessions

if TYPE_CHECKING:
    from .vision.attributes import AttributeReader
    from .vision.equipment import Equipment
    from .vision.faces import Faces
    from .vision.labels import Labels
    from .vision.moderation import Moderation
    from .vision.objects import Objects
    from .vision.text import Text

IMAGE_BYTES = 5 * 1024 * 1024
"""AWS's limit for an image in the request (4 MB for some operations)."""
OBJECT_BYTES = 15 * 1024 * 1024
"""AWS's limit for an image in S3."""


class Vision:
    """The models by what they see, each made when first asked for."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    @cached_property
    def faces(self) -> Faces:
        from .vision.faces import Faces

        return Faces(self.sessions)

    @cached_property
    def attributes(self) -> AttributeReader:
        from .vision.attributes import AttributeReader

        return AttributeReader(self.sessions)

    @cached_property
    def equipment(self) -> Equipment:
        from .vision.covers import Covers
        from .vision.equipment import Equipment
        from .vision.hands import Hands

        return Equipment(self.faces, Covers(self.sessions), Hands(self.sessions), self.objects)

    @cached_property
    def labels(self) -> Labels:
        from .vision.labels import Labels
        from .vision.people import Appearance

        return Labels(self.sessions, self.faces, Appearance(self.sessions).describe)

    @cached_property
    def moderation(self) -> Moderation:
        from .vision.moderation import Moderation

        return Moderation(self.sessions)

    @cached_property
    def objects(self) -> Objects:
        from .vision.objects import Objects

        return Objects(self.sessions)

    @cached_property
    def text(self) -> Text:
        from .vision.text import Text

        return Text(self.sessions)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Backend:
    """One account in one region: what an operation may read, run and change."""

    settings: Settings
    store: Store
    search: Search
    vision: Vision
    jobs: Desk
    clock: Callable[[], datetime] = _now

    @property
    def account(self) -> str:
        return self.settings.account

    @property
    def region(self) -> str:
        return self.settings.region

    @property
    def media(self) -> Media:
        return self.store.media

    @property
    def sessions(self) -> Sessions:
        return self.vision.sessions

    @property
    def faces(self) -> Faces:
        return self.vision.faces

    @property
    def attributes(self) -> AttributeReader:
        return self.vision.attributes

    @property
    def equipment(self) -> Equipment:
        return self.vision.equipment

    @property
    def labels(self) -> Labels:
        return self.vision.labels

    @property
    def moderation(self) -> Moderation:
        return self.vision.moderation

    @property
    def objects(self) -> Objects:
        return self.vision.objects

    @property
    def text(self) -> Text:
        return self.vision.text

    def picture(
        self,
        image: Mapping[str, Any],
        *,
        smallest: int = SMALLEST_SIDE,
        largest: int = LARGEST_SIDE,
        limit: int = IMAGE_BYTES,
    ) -> Picture:
        """The picture that a request's Image names: Bytes up to `limit`, or an S3Object; sides in pixels.

        Raises InvalidParameterException, InvalidS3ObjectException, ImageTooLargeException, InvalidImageFormatException.
        """
        return decode(self._image_bytes(image, limit), smallest=smallest, largest=largest)

    def _image_bytes(self, image: Mapping[str, Any], limit: int) -> bytes:
        data, named = image.get("Bytes"), image.get("S3Object")
        if (data is None) == (named is None):
            raise InvalidParameterException
        if named is not None:
            if "Bucket" not in named or "Name" not in named:
                raise InvalidParameterException
            return self.store.objects.image(named["Bucket"], named["Name"], named.get("Version"), OBJECT_BYTES)
        assert data is not None
        if len(data) > limit:
            raise ImageTooLargeException
        return bytes(data)


def build(settings: Settings, session: Session | None = None, keys: Keys | None = None) -> Backend:
    """A backend over `session`, else over AWS as botocore finds it; `keys` wrap data keys where no KMS key is set."""
    session = session or botocore.session.get_session()
    store = Store(
        session,
        region=settings.region,
        prefix=settings.table_prefix,
        bucket=settings.bucket,
        keys=_keys(settings, session, keys),
        represent=represent,
        search_limit=settings.search_limit,
    )
    return Backend(
        settings=settings,
        store=store,
        search=Search(DIMENSIONS, settings.search_memory, settings.search_limit),
        vision=Vision(Sessions(settings.models, settings.threads)),
        jobs=Desk(store.jobs, session, settings.region, settings.queue),
    )


def _keys(settings: Settings, session: Session, keys: Keys | None) -> Keys:
    """What wraps the data keys of collections: KMS before what the caller has before a file."""
    if settings.kms_key:
        return KmsKeys(session.create_client("kms", region_name=settings.region), settings.kms_key)
    if keys is None and settings.key_file:
        return LocalKeys.from_file(settings.key_file)
    return keys or NoKeys()
