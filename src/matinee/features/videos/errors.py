"""Failures with stable codes."""

from matinee.kernel.errors import Conflict, Invalid, NotFound, Refused


class VideoNotFound(NotFound):
    code = "videos.not_found"
    sentence = "There is no video here, or it is not yours to see."


class VideoGone(NotFound):
    """For those who fill a video: it was deleted meanwhile, or what they fill was dropped. Stop."""

    code = "videos.gone"
    sentence = "This video has been deleted."


class TooManyVideos(Conflict):
    code = "videos.too_many"
    sentence = "You hold as many videos as this house lets one account hold. Delete one first."


class MediaNotFound(NotFound):
    """One answer for every address under /media that is not to be served, whatever the reason."""

    code = "videos.media_not_found"
    sentence = "There is nothing here."


class NotYours(Refused):
    code = "videos.not_yours"
    sentence = "Only the owner of this video may do this."


class WrongState(Conflict):
    code = "videos.wrong_state"
    sentence = "The state of this video does not allow this now."


class NoSource(Conflict):
    code = "videos.no_source"
    sentence = "The file of this video is gone. Upload it again."


class NoSuchPoster(Invalid):
    code = "videos.no_such_poster"
    sentence = "This video has no such picture to choose."


class NotAnAddress(NotFound):
    code = "videos.not_an_address"
    sentence = "This address is not one of a video that can be embedded."


class UnknownForm(Invalid):
    code = "videos.unknown_form"
    sentence = "Embeds are described as JSON only."
