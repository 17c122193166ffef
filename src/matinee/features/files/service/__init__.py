"""The verbs of the room: the only door for other rooms.

`uploads` brings bytes in, `direct` lets browsers send them to the store themselves, `joining` makes one file of pieces,
`fetching` lets the house bring files from addresses, `blobs` keeps whole files, `trees` generated ones, `quota` counts,
`holdings` tells what is kept, `duties` sweeps, exports and erases, `orphans` sweeps the whole store. Never commits.
"""

from matinee.features.files.rules import size_in_words, tree_key, tree_prefix
from matinee.features.files.schemas import TreeId
from matinee.features.files.service.blobs import (
    blob,
    drop_blob,
    drop_blobs_for,
    hash_blob,
    kept_keys,
    note_hash,
    share_original,
)
from matinee.features.files.service.direct import (
    abort_direct,
    begin_direct,
    cancel_direct,
    complete_direct,
    direct_state,
    my_uploads,
    part_addresses,
    upload_way,
)
from matinee.features.files.service.duties import (
    TOLD,
    UNTOLD,
    delete_original,
    delete_tree_bytes,
    discard_part,
    erase,
    export,
    refresh_metrics,
    sweep,
)
from matinee.features.files.service.expectations import expect, unexpect
from matinee.features.files.service.fetch_run import bury_fetch, run_fetch
from matinee.features.files.service.fetching import check_address, fetch, fetch_failure, start_fetches
from matinee.features.files.service.holdings import holdings
from matinee.features.files.service.intake import Receive
from matinee.features.files.service.joining import join_parts, join_uploads
from matinee.features.files.service.orphans import sweep_orphans
from matinee.features.files.service.quota import limits, set_quota, storage_of, usage
from matinee.features.files.service.trees import bytes_of, drop_tree, new_tree, note_tree_bytes, open_tree
from matinee.features.files.service.uploads import (
    cancel_uploads,
    create_upload,
    end_upload,
    receive,
    upload_state,
    uploads_for,
)
from matinee.features.files.settings import FilesSettings

__all__ = [
    "TOLD",
    "UNTOLD",
    "FilesSettings",
    "Receive",
    "TreeId",
    "abort_direct",
    "begin_direct",
    "blob",
    "bury_fetch",
    "bytes_of",
    "cancel_direct",
    "cancel_uploads",
    "check_address",
    "complete_direct",
    "create_upload",
    "delete_original",
    "delete_tree_bytes",
    "direct_state",
    "discard_part",
    "drop_blob",
    "drop_blobs_for",
    "drop_tree",
    "end_upload",
    "erase",
    "expect",
    "export",
    "fetch",
    "fetch_failure",
    "hash_blob",
    "holdings",
    "join_parts",
    "join_uploads",
    "kept_keys",
    "limits",
    "my_uploads",
    "new_tree",
    "note_hash",
    "note_tree_bytes",
    "open_tree",
    "part_addresses",
    "receive",
    "refresh_metrics",
    "run_fetch",
    "set_quota",
    "share_original",
    "size_in_words",
    "start_fetches",
    "storage_of",
    "sweep",
    "sweep_orphans",
    "tree_key",
    "tree_prefix",
    "unexpect",
    "upload_state",
    "upload_way",
    "uploads_for",
    "usage",
]
