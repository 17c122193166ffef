"""HTTP of accounts: tokens, devices, passwords and second factors, the ways back in, and what was done.

Holds no logic.
"""

from fastapi import APIRouter

from matinee.features.accounts.router.access import router as access
from matinee.features.accounts.router.audit import router as audit
from matinee.features.accounts.router.factors import router as factors
from matinee.features.accounts.router.recovery import router as recovery

router = APIRouter()
router.include_router(access)
router.include_router(factors)
router.include_router(recovery)
router.include_router(audit)

__all__ = ["router"]
