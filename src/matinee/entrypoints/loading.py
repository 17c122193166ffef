"""Imported before all else by our programs: while one loads its code nothing becomes garbage, and looking for some
takes a fifth of its start. Does nothing inside somebody else's program, such as a test's."""

import gc
import sys

_program = getattr(sys.modules["__main__"], "__spec__", None)
if _program is not None and _program.name.startswith("matinee."):
    gc.disable()


def done() -> None:
    """What is loaded stays until the end: collections leave it alone from now on."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
