"""Passwords and addresses: choosing, changing and proving them. None of them ever leaves the room."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from matinee.features.accounts.schemas.words import (
    EmailText,
    GivenPassword,
    LinkToken,
    LoginText,
    NewPassword,
)


class PasswordChange(BaseModel):
    current: GivenPassword
    new: NewPassword
    end_tokens: Annotated[bool, Field(description="End the access of all programs, too.")] = False


class ResetAsked(BaseModel):
    login: LoginText


class PasswordReset(BaseModel):
    token: LinkToken
    password: NewPassword
    end_tokens: Annotated[bool, Field(description="End the access of all programs, too.")] = False


class EmailChange(BaseModel):
    email: EmailText
    password: GivenPassword


class EmailConfirmation(BaseModel):
    token: LinkToken


class StrengthAsked(BaseModel):
    """`words` are what the person typed beside it: address, handle, name."""

    password: Annotated[SecretStr, Field(max_length=200)]
    words: Annotated[list[Annotated[str, Field(max_length=254)]], Field(max_length=8)] = []


class StrengthInfo(BaseModel):
    """`score` 0 to 4; from 3 on a password is taken. `why` is a sentence for what is refused."""

    score: Annotated[int, Field(ge=0, le=4)]
    why: str | None
