"""Settings: one class per concern, loaded once by the entrypoint. Nothing reads the environment at import."""

from typing import Any

from matinee.kernel.settings.bus import BusSettings
from matinee.kernel.settings.concern import C, Concern, is_secret
from matinee.kernel.settings.database import DatabaseSettings
from matinee.kernel.settings.house import HouseSettings, WorkerSettings
from matinee.kernel.settings.mail import MailCarrier, MailSettings
from matinee.kernel.settings.storage import StorageSettings

__all__ = [
    "HOUSE_CONCERNS",
    "BusSettings",
    "C",
    "Concern",
    "DatabaseSettings",
    "HouseSettings",
    "MailCarrier",
    "MailSettings",
    "Settings",
    "StorageSettings",
    "WorkerSettings",
    "is_secret",
]

HOUSE_CONCERNS: tuple[type[Concern], ...] = (
    HouseSettings,
    DatabaseSettings,
    StorageSettings,
    BusSettings,
    WorkerSettings,
    MailSettings,
)


class Settings:
    """All concerns of one process, each loaded once."""

    def __init__(self, concerns: dict[type[Concern], Concern]) -> None:
        self._concerns = concerns

    @classmethod
    def load(cls, *classes: type[Concern], **overrides: Any) -> "Settings":
        """From environment and `.env`; `overrides` are field values that win over both.

        Raises pydantic's `ValidationError`, which names each wrong variable.
        """
        wanted = dict.fromkeys((*HOUSE_CONCERNS, *classes))
        return cls({c: c(**{k: v for k, v in overrides.items() if k in c.model_fields}) for c in wanted})

    def of(self, concern: type[C]) -> C:
        """The loaded values of one concern."""
        return self._concerns[concern]  # type: ignore[return-value]

    def replaced(self, concern: Concern) -> "Settings":
        """The same with other values of one concern."""
        return Settings(self._concerns | {type(concern): concern})

    @property
    def house(self) -> HouseSettings:
        return self.of(HouseSettings)

    @property
    def all(self) -> list[Concern]:
        return list(self._concerns.values())
