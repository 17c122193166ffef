"""oEmbed: what another site needs to show a video of this house. Never tells of a private one, whoever asks."""

import html
from urllib.parse import urlsplit
from uuid import UUID

from matinee.features.videos import repository
from matinee.features.videos.errors import NotAnAddress, UnknownForm
from matinee.features.videos.schemas import Embed
from matinee.features.videos.service import access, showing
from matinee.infra.work import Work
from matinee.kernel.settings import HouseSettings

WIDTH, HEIGHT = 1280, 720


async def embed(
    work: Work, url: str, *, form: str = "json", max_width: int | None = None, max_height: int | None = None
) -> Embed:
    """`url` is the address of a watch or embed page. Raises `NotAnAddress`, or `UnknownForm` for other than JSON."""
    if form != "json":
        raise UnknownForm
    house = work.settings(HouseSettings).address
    video_id = _video_in(url, house)
    row = None if video_id is None else await repository.video(work.session, video_id)
    if row is None or not access.is_open(row):
        raise NotAnAddress
    card = (await showing.cards(work, [row]))[0]
    ratio = (card.width or WIDTH) / (card.height or HEIGHT)
    width = min(max_width or WIDTH, WIDTH)
    height = round(width / ratio)
    most = min(max_height or height, height)
    if most < height:
        width, height = max(1, round(most * ratio)), most
    source = html.escape(f"{house}/embed/{row.id}", quote=True)
    title = html.escape(card.title, quote=True)
    frame = (
        f'<iframe src="{source}" width="{width}" height="{height}" title="{title}" frameborder="0"'
        ' allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>'
    )
    shown = Embed(
        provider_name="Matinee",
        provider_url=house,
        title=card.title,
        author_name=card.owner.display_name,
        author_url=f"{house}/@{card.owner.handle}" if card.owner.handle else house,
        html=frame,
        width=width,
        height=height,
    )
    if card.poster is None:
        return shown
    widths = [w for w in card.poster.widths if w <= (max_width or w)] or [min(card.poster.widths)]
    thumbnail = max(widths)
    return shown.model_copy(
        update={
            "thumbnail_url": f"{house}{card.poster.base}/{thumbnail}.jpg",
            "thumbnail_width": thumbnail,
            "thumbnail_height": max(1, round(thumbnail / ratio)),
        }
    )


def _video_in(url: str, house: str) -> UUID | None:
    """The video that an address of ours names; None for any other address."""
    try:
        given, own = urlsplit(url), urlsplit(house)
        if given.scheme not in ("http", "https") or given.netloc.lower() != own.netloc.lower():
            return None
        parts = given.path.strip("/").split("/")
        return UUID(parts[1]) if len(parts) == 2 and parts[0] in ("watch", "embed") else None
    except ValueError:
        return None
