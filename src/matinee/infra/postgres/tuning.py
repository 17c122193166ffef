"""The server's settings for one box that also encodes video.

Never decides about safety by itself: `durability` says whether a crash may lose data (tests only).
"""

import os
from typing import Literal

Durability = Literal["full", "none"]

_MIB = 1024 * 1024


def settings(durability: Durability) -> dict[str, str]:
    """Names and values as on the server's command line."""
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
    shared_mib = max(64, min(512, memory_mib // 16))
    chosen = {
        "max_connections": "200",
        "shared_buffers": f"{shared_mib}MB",
        "effective_cache_size": f"{max(256, memory_mib // 4)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "min_wal_size": "80MB",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "15min",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # A week of logs, overwritten day by day. Terse and without statements: rows may hold what people wrote.
        "logging_collector": "on",
        "log_directory": "../logs",
        "log_filename": "postgres-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        "lc_messages": "C",
    }
    if durability == "none":
        chosen |= {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "autovacuum": "off",
            "wal_compression": "off",
            "checkpoint_timeout": "1h",
            "shared_buffers": "128MB",
        }
    return chosen
