"""`python -m matinee.entrypoints.api`: one HTTP server process.

With `--when-told` it loads its code and then waits for a line on stdin: the house loads it while the database starts.
"""

import asyncio
import os
import sys

import uvicorn

from matinee.entrypoints import loading
from matinee.entrypoints.agreement import check, refuse
from matinee.entrypoints.api.app import build
from matinee.entrypoints.api.heads import Heads
from matinee.entrypoints.parts import assemble, load_settings
from matinee.infra.telemetry import configure_logging


def main() -> None:
    """Serve until SIGTERM or SIGINT; running requests get `shutdown_s` to end."""
    if "--when-told" in sys.argv and not sys.stdin.readline():
        return  # who started us is gone, or changed its mind
    os.umask(0o077)
    try:
        settings = load_settings()
        house = settings.house
        configure_logging(form=house.log_format, level=house.log_level)
        asyncio.run(check(settings))
    except Exception as error:
        refuse(error)
    app = build(assemble(settings))
    loading.done()
    uvicorn.run(
        app,
        host=house.host,
        port=house.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # MATINEE_TRUSTED_PROXIES: see `app.build`
        server_header=False,
        timeout_graceful_shutdown=int(house.shutdown_s),
        http=Heads,
        ws_max_size=4_096,
        ws="websockets-sansio",
    )


if __name__ == "__main__":
    main()
