"""The verbs of videos: the only door for other rooms.

`owning` is for people, `filling` and `renditions` for those who make what plays, `playing` answers the addresses
under /media, `watching` counts, `checks` holds, `embedding` tells other sites, `duties` exports and erases; `changes`
is what they do alike. Never commits.
"""

from matinee.features.videos.service.checks import hold, release, review
from matinee.features.videos.service.duties import erase, export, own_channel, refresh_metrics
from matinee.features.videos.service.embedding import embed
from matinee.features.videos.service.filling import (
    begin_checking,
    encoding_view,
    fail,
    mark_cancelled,
    mark_playable,
    mark_ready,
    reject,
    resume_encoding,
    set_own_poster,
    set_posters,
    set_progress,
    set_source,
)
from matinee.features.videos.service.owning import (
    cancel,
    cards,
    create,
    edit,
    figures,
    follow,
    get,
    latest,
    mine,
    newest,
    pick_poster,
    remove,
    retry,
)
from matinee.features.videos.service.playing import (
    Manifest,
    Stored,
    manifest,
    original,
    picture,
    playlist,
    segment,
)
from matinee.features.videos.service.renditions import (
    add_rendition,
    add_segments,
    drop_rendition,
    finish_rendition,
    rendition_tree,
    segment_numbers,
    set_init,
    set_rendition_percent,
    withdraw_rendition,
)
from matinee.features.videos.service.watching import WATCHED, forget_visits, resume, take_beats, watch
from matinee.features.videos.settings import VideosSettings

__all__ = [
    "WATCHED",
    "Manifest",
    "Stored",
    "VideosSettings",
    "add_rendition",
    "add_segments",
    "begin_checking",
    "cancel",
    "cards",
    "create",
    "drop_rendition",
    "edit",
    "embed",
    "encoding_view",
    "erase",
    "export",
    "fail",
    "figures",
    "finish_rendition",
    "follow",
    "forget_visits",
    "get",
    "hold",
    "latest",
    "manifest",
    "mark_cancelled",
    "mark_playable",
    "mark_ready",
    "mine",
    "newest",
    "original",
    "own_channel",
    "pick_poster",
    "picture",
    "playlist",
    "refresh_metrics",
    "reject",
    "release",
    "remove",
    "rendition_tree",
    "resume",
    "resume_encoding",
    "retry",
    "review",
    "segment",
    "segment_numbers",
    "set_init",
    "set_own_poster",
    "set_posters",
    "set_progress",
    "set_rendition_percent",
    "set_source",
    "take_beats",
    "watch",
    "withdraw_rendition",
]
