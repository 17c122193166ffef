"""HTTP of uploads: tus, and parts that go straight to the store. Holds no logic."""

from fastapi import APIRouter

from matinee.features.files.router.direct import router as direct
from matinee.features.files.router.tus import router as tus

router = APIRouter()
router.include_router(tus)
router.include_router(direct)

__all__ = ["router"]
