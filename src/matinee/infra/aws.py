"""The access key for services that speak Amazon's protocols. Never keeps one anywhere but in memory."""

import asyncio
import os

from botocore.credentials import (
    ContainerProvider,
    CredentialResolver,
    Credentials,
    EnvProvider,
    InstanceMetadataProvider,
    ReadOnlyCredentials,
)
from botocore.utils import InstanceMetadataFetcher

from matinee.kernel.errors import Unavailable

_METADATA_S = 1


class Keys:
    """The configured key, else the first of environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    `AWS_SESSION_TOKEN`), container role and machine role; roles are renewed in time. `lacking` is said when nobody
    gave one, and `of_what` it is for when it cannot be renewed."""

    def __init__(self, name: str | None, secret: str | None, *, of_what: str, lacking: str) -> None:
        self.fixed = bool(name and secret)
        self._of_what = of_what
        self._lacking = lacking
        self._found = Credentials(name, secret) if name and secret else None

    async def now(self) -> ReadOnlyCredentials:
        """Raises `Unavailable` when nobody gave one."""
        if self.fixed and self._found is not None:
            return self._found.get_frozen_credentials()
        try:
            return await asyncio.to_thread(self._look)
        except Unavailable:
            raise
        except Exception as error:  # whatever a metadata service or botocore raises
            raise Unavailable(
                f"The key for {self._of_what} could not be renewed: {type(error).__name__}."
            ) from None

    def _look(self) -> ReadOnlyCredentials:
        if self._found is None:
            fetcher = InstanceMetadataFetcher(timeout=_METADATA_S, num_attempts=2, env=dict(os.environ))
            chain = [EnvProvider(), ContainerProvider(), InstanceMetadataProvider(fetcher)]
            self._found = CredentialResolver(chain).load_credentials()
        if self._found is None:
            raise Unavailable(self._lacking)
        return self._found.get_frozen_credentials()
