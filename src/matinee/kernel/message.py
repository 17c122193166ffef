"""Facts and orders: what rooms tell one another, durably, at least once and in any order.

A handler treats a message as a hint and re-reads the present state. Never carries state worth trusting.
"""

from typing import Any, ClassVar, Self

from pydantic import TypeAdapter


class Message:
    """Base of both. Subclasses are frozen keyword-only dataclasses of ids and plain values."""

    __slots__ = ()
    family: ClassVar[str] = "message"

    @classmethod
    def name(cls) -> str:
        """`room.ClassName`, stable across releases."""
        parts = cls.__module__.split(".")
        room = parts[2] if len(parts) > 2 and parts[1] == "features" else parts[-1]
        return f"{room}.{cls.__name__}"

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json")
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        message: Self = _adapter(cls).validate_python(data)
        return message


class Fact(Message):
    """Something happened (past tense)."""

    __slots__ = ()
    family = "fact"


class Order(Message):
    """Something is to be done (imperative)."""

    __slots__ = ()
    family = "order"


_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def _adapter(cls: type[Message]) -> TypeAdapter[Any]:
    name = f"{cls.__module__}.{cls.__qualname__}"
    if name not in _ADAPTERS:
        _ADAPTERS[name] = TypeAdapter(cls)
    return _ADAPTERS[name]
