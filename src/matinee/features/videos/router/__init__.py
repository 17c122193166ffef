"""HTTP of videos: the API, oEmbed and the addresses under /media. Holds no logic."""

from fastapi import APIRouter

from matinee.features.videos.router.api import router as api
from matinee.features.videos.router.media import router as media

router = APIRouter()
router.include_router(api)
router.include_router(media)

__all__ = ["router"]
