"""Whether browsers may send uploads straight to the bucket. Writes nothing."""

import asyncio
from collections.abc import Iterator

from matinee.entrypoints.cli.client import origin
from matinee.entrypoints.cli.finding import Finding
from matinee.infra.storage.opening import origin_for_browsers
from matinee.kernel.errors import MatineeError
from matinee.kernel.settings import Settings, StorageSettings

_NAME = "direct uploads"


def direct(settings: Settings) -> Iterator[Finding]:
    """Nothing where they are off."""
    store = origin_for_browsers(settings)
    if store is None:
        return
    from matinee.infra.storage.s3_access import Bucket
    from matinee.infra.storage.s3_cors import pages_allowed

    page = origin(settings.house.address)
    if page.startswith("https:") and not store.startswith("https:"):
        yield Finding.fail(
            _NAME,
            f"Pages of {page} may not send to {store}: browsers refuse plain http from a page with TLS.",
            "Give the store TLS, or set MATINEE_S3_PUBLIC_ENDPOINT to an address that has it.",
        )
        return
    bucket = Bucket.for_browsers(settings.of(StorageSettings))
    try:
        allowed = asyncio.run(pages_allowed(bucket, page))
    except MatineeError as error:
        yield Finding.warn(
            _NAME,
            f"{error.detail} This machine asked {store}.",
            "If browsers reach it there, all is well; else set MATINEE_S3_PUBLIC_ENDPOINT.",
        )
        return
    if allowed:
        yield Finding.ok(_NAME, f"pages of {page} may send to {store}")
    else:
        yield Finding.fail(
            _NAME, f"The store lets no page of {page} send to {store}.", "Run `matinee storage cors`."
        )
