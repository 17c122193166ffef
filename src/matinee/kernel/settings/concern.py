"""What every settings class is made of: where its values come from. Names no setting."""

import contextlib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from matinee.kernel import secret_files
from matinee.kernel.errors import Invalid

_ENV_FILE = ".env"
C = TypeVar("C", bound="Concern")


class _SecretFiles(PydanticBaseSettingsSource):
    """Secrets alone, from files of `MATINEE_SECRETS_DIR`. What is wrong with the folder, `HouseSettings` says."""

    def __init__(self, settings_class: type[BaseSettings], folder: str | None) -> None:
        super().__init__(settings_class)
        self._files = {}
        if folder:
            with contextlib.suppress(OSError, ValueError):
                self._files = secret_files.secret_files(Path(folder).expanduser())

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        file = self._files.get(f"matinee_{field_name}")
        if file is None or not is_secret(field):
            return None, field_name, False
        try:
            return secret_files.read(file), field_name, False
        except ValueError:
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self._fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def _fields(self) -> dict[str, FieldInfo]:
        return self.settings_cls.model_fields


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is never shown, and may come from a file."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


class Concern(BaseSettings):
    """Base of every settings class: fields come from `MATINEE_<FIELD>` in the environment, then `.env`; secrets also
    from files."""

    model_config = SettingsConfigDict(
        env_prefix="MATINEE_",
        env_file=_ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except (OSError, UnicodeDecodeError) as error:
            if (sentence := _unreadable(Path(_ENV_FILE).absolute())) is None:
                raise
            raise Invalid(sentence) from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = [
            source.env_vars.get("matinee_secrets_dir")
            for source in (env_settings, dotenv_settings)
            if isinstance(source, EnvSettingsSource)
        ]
        folder = next((one for one in named if one), None)
        return init_settings, env_settings, dotenv_settings, _SecretFiles(settings_cls, folder)


def _unreadable(env_file: Path) -> str | None:
    """What is wrong with the file itself, whatever stands in it."""
    try:
        env_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{env_file} cannot be read: {error.strerror}."
    except UnicodeDecodeError:
        return f"{env_file} is no text in UTF-8: save it as that."
    return None
