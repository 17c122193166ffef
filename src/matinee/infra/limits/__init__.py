"""How often one may ask: a bucket of tokens for each address, account and token, by class of request.

`door` knows requests, `buckets` the arithmetic, `shared` what processes count together. Never knows what a request
does.
"""

from matinee.infra.limits.door import Limits
from matinee.infra.limits.settings import LimitSettings

__all__ = ["LimitSettings", "Limits"]
