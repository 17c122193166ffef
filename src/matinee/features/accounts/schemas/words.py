"""What people type, and what bounds each such value. Never a form: those are where they belong."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from matinee.kernel.words import in_one_line

LoginText = Annotated[str, Field(min_length=1, max_length=254, description="Email or handle.")]
GivenPassword = Annotated[SecretStr, Field(min_length=1, max_length=200)]
NewPassword = Annotated[
    SecretStr, Field(min_length=12, max_length=128, description="12 to 128 characters, not easy to guess.")
]
LinkToken = Annotated[
    str, Field(min_length=1, max_length=200, description="What stands behind the # of a link.")
]
EmailText = Annotated[str, Field(min_length=3, max_length=254)]
FactorCode = Annotated[
    str, Field(min_length=1, max_length=40, description="Six digits of an app, or a recovery code.")
]
Credential = Annotated[
    dict[str, Any],
    Field(description="What the browser's `toJSON()` makes of a passkey's answer (WebAuthn, level 3)."),
]
NAME_MOST = 80
OneLine = Annotated[str, Field(min_length=1, max_length=NAME_MOST), BeforeValidator(in_one_line)]
