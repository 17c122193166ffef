"""Videos whose file the house fetches from an address. The bytes are the business of `files`."""

import re

from pydantic import TypeAdapter, ValidationError

from matinee.features.files import service as files
from matinee.features.files.messages import FetchFailed
from matinee.features.videos import repository
from matinee.features.videos.schemas import NewImport, NewVideo, Title, Video
from matinee.features.videos.service import access, changes, filling, owning, showing
from matinee.infra.work import Work
from matinee.kernel.subject import Subject

_TITLE: TypeAdapter[str] = TypeAdapter(Title)


async def import_video(work: Work, form: NewImport) -> Video:
    """A video of the actor's whose file is fetched from `form.url`. Raises `AddressRefused` for an address that can be
    refused without asking anybody; what goes wrong later stands on the video."""
    filename = files.check_address(work, form.url)
    made = await owning.create(
        work,
        NewVideo(
            title=form.title or title_of(filename),
            description=form.description,
            visibility=form.visibility,
            filename=filename,
        ),
    )
    row = await access.owned(work, made.id)
    row.import_url = form.url
    await files.fetch(work, work.actor.owner(), "video", changes.subject_of(row.id), form.url)
    return await showing.video(work, row)


async def note_failure(work: Work, message: FetchFailed) -> None:
    """The file of a video could not be fetched. A hint: somebody may have taken it up again since."""
    failure = await files.fetch_failure(work, message.upload_id)
    subject = Subject.parse(message.subject)
    if failure is None or message.purpose != "video" or subject.kind != "video":
        return
    video = await repository.video(work.session, subject.id)
    if video is not None and video.state == "uploading" and video.source_blob_id is None:
        await filling.fail(work, video.id, failure.code, failure.sentence, "")


def title_of(filename: str) -> str:
    """`forty_bowls-take%203.mov` becomes `forty bowls take 3`."""
    bare = re.sub(r"[\s_-]+", " ", re.sub(r"\.[^.]{1,5}$", "", filename)).strip()
    for title in (bare, filename, "Film"):
        try:
            return _TITLE.validate_python(title[:200])
        except ValidationError:
            continue
    raise AssertionError
