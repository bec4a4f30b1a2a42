"""The one settings model: a profile, a seed and a few paths.

Every option can be given as an environment variable ``LOGDOJO_<NAME>``; a command's own flag wins over it.
"""

from __future__ import annotations

import enum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Profile(enum.StrEnum):
    """The one dial: how much work to do."""

    SMOKE = "smoke"
    """Seconds; for tests."""
    LAPTOP = "laptop"
    """Minutes on two CPU cores; the default."""
    GPU = "gpu"
    """The larger version of the same, in bf16 on one GPU."""


class Settings(BaseSettings):
    """What a user may set; everything else follows from the profile."""

    model_config = SettingsConfigDict(env_prefix="LOGDOJO_", frozen=True, extra="ignore")

    profile: Profile = Field(Profile.LAPTOP, description="smoke, laptop or gpu: how much work to do")
    seed: int = Field(7, ge=0, description="seed of every random choice")
    runs: Path = Field(Path("runs"), description="folder that training runs and reports are written to")
    key: SecretStr | None = Field(None, description="secret key of the pseudonyms, at least 16 characters")
    bank: Path | None = Field(None, description="folder of the quiz bank; found upward from here when not given")
    max_line_bytes: int = Field(262_144, ge=1_024, description="longest line that is read; longer ones are rejected")
    threads: int = Field(0, ge=0, description="CPU threads of torch; 0 leaves the choice to torch")
