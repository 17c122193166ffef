"""Failures of the room, each with a stable code."""

from matinee.kernel.errors import Conflict, Invalid, NotFound, Refused, TooLarge, TooMany, Unavailable


class UploadNotFound(NotFound):
    code = "files.upload_not_found"
    sentence = "This upload does not exist, has ended, or is not yours."


class BlobNotFound(NotFound):
    code = "files.blob_not_found"
    sentence = "This file does not exist any more."


class TreeNotFound(NotFound):
    code = "files.tree_not_found"
    sentence = "These generated files do not exist any more."


class NotExpected(NotFound):
    code = "files.not_expected"
    sentence = "Nothing of yours waits for this file. Create the video first, then upload."


class UploadTooLarge(TooLarge):
    code = "files.too_large"
    sentence = "This file is larger than allowed."


class QuotaExceeded(TooLarge):
    code = "files.quota_exceeded"
    sentence = "Your storage is full. Delete something first."


class NoRoom(Unavailable):
    code = "files.no_room"
    sentence = "The disk of this house is too full for a file of this size."


class WrongOffset(Conflict):
    code = "files.wrong_offset"
    sentence = "The upload goes on at another byte. Ask for its offset and try again."


class UploadLocked(Conflict):
    code = "files.upload_locked"
    sentence = "Another connection is bringing bytes of this upload right now."


class UploadBroken(Conflict):
    code = "files.upload_broken"
    sentence = "The connection broke. What arrived is kept; go on from the offset."


class UploadComplete(Conflict):
    code = "files.upload_complete"
    sentence = "This upload is complete and cannot be taken back; delete the video instead."


class BadMetadata(Invalid):
    code = "files.bad_metadata"
    sentence = "Upload-Metadata cannot be read: it holds pairs of a name and base64, separated by commas."


class BadHeader(Invalid):
    code = "files.bad_header"
    sentence = "A header of the upload cannot be read."


class BadChecksum(Invalid):
    code = "files.bad_checksum"
    sentence = "Upload-Checksum cannot be read."


class ChecksumMismatch(Conflict):
    code = "files.checksum_mismatch"
    sentence = "These bytes are not those of the checksum. Nothing of them was kept; send them again from the offset."


class TakesNoBytes(Refused):
    code = "files.takes_no_bytes"
    sentence = (
        "This upload takes no bytes here: it is made of others, is fetched, or goes straight to the store."
    )


class PartTaken(Conflict):
    code = "files.part_taken"
    sentence = "One of these partial uploads belongs to another upload already."


class TooManyFetches(TooMany):
    code = "files.too_many_fetches"
    sentence = "So many of your files wait to be fetched already. Try again when some of them are here."


class FetchesOff(Refused):
    code = "files.fetches_off"
    sentence = "This house fetches nothing from other addresses."


class DirectOff(Conflict):
    code = "files.direct_off"
    sentence = "This house takes uploads by tus."


class NoSuchPart(Invalid):
    code = "files.no_such_part"
    sentence = "This upload has no such part."


class PartsMissing(Conflict):
    code = "files.parts_missing"
    sentence = "Parts of this file are missing, or have another size than they must."


class StoreUndecided(Unavailable):
    code = "files.store_undecided"
    sentence = "The store holds neither the parts nor the file at the moment. Ask again shortly."


class EmptyUpload(Invalid):
    code = "files.empty"
    sentence = "This file is empty."
