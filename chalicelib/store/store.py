"""The store of one account and region, put together."""

from __future__ import annotations

from botocore.session import Session

from .access import Access
from .associations import Associations, Represent
from .collections import Collections
from .consents import Consents
from .erasure import Erasure
from .faces import Faces
from .jobs import Jobs
from .ledger import Kind, Ledger
from .logs import Log
from .media import Media
from .objects import Objects
from .optouts import OptOuts
from .snapshots import LARGEST, Snapshots
from .tables import Head, Tables
from .users import Users
from .vault import Keys, Vault


class Store:
    """Everything that is remembered.

    `session` makes all connections: on AWS botocore's own, locally one whose requests end in moto. `represent` makes
    a user's vector of its faces'. `bucket` keeps what is derived. A snapshot of more than `search_limit` bytes, if
    that is not 0, is not read into memory.
    """

    def __init__(
        self,
        session: Session,
        *,
        region: str,
        prefix: str,
        bucket: str,
        keys: Keys,
        represent: Represent,
        search_limit: int = 0,
    ) -> None:
        self._tables = Tables.open(session, region, prefix)
        vault = Vault(keys)
        self._ledger = Ledger(self._tables, vault)
        self.objects = Objects(session, region)
        self._snapshots = Snapshots(self.objects, bucket, search_limit or LARGEST)
        self.consents = Consents(self._tables.connection, prefix)
        self.collections = Collections(self._ledger, self._snapshots, self.consents)
        self.faces = Faces(self._ledger, self._snapshots)
        self.users = Users(self._ledger)
        self.associations = Associations(self._ledger, self._snapshots, self.faces, self.users, represent)
        self.erasure = Erasure(self._ledger, self.faces, self.associations)
        self.optouts = OptOuts(self._ledger, self.collections, self.faces)
        self.media = Media(self._tables.connection, prefix)
        self.jobs = Jobs(self._tables.connection, prefix)
        self.access = Access(self._tables.connection, prefix, vault)

    def create_tables(self) -> None:
        """Make the tables that are absent. For a local start: on AWS, Terraform makes them."""
        self._tables.create()
        self.consents.create()
        self.media.create()
        self.jobs.create()
        self.access.create()

    def log(self, head: Head, kind: Kind, dimensions: int) -> Log:
        """What a search folds: the faces or the users of a collection."""
        return Log(self._ledger, self._snapshots, head, kind, dimensions)
