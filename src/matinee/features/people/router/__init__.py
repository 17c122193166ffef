"""HTTP of people: joining, signing in, profiles, and what operators see of accounts and do to them. Holds no logic."""

from fastapi import APIRouter

from matinee.features.people.router.access import router as access
from matinee.features.people.router.directory import router as directory
from matinee.features.people.router.others import router as others

router = APIRouter()
router.include_router(access)
router.include_router(directory)
router.include_router(others)

__all__ = ["router"]
