"""What may be set: each setting with its type, its default and its line in the reference.

In:  values as they were written.
Out: Settings, or pydantic's ValidationError.
"""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "SFTPINGEST_"
#: Settings that may also be given as the name of a file that holds them.
SECRETS = ("database_url",)

_FOLDER = "the path of a folder"
_HOST = "an address or name of this machine, such as 127.0.0.1; 0.0.0.0 is all of them"
_PORT = "a whole number from 0 to 65535"
_SECONDS = "a number of seconds, 0 or more, such as 60"
_NETWORKS = "addresses and networks with commas between them, such as 192.0.2.0/24,2001:db8::17"
_MANY = "a whole number from 1 to 1000000"
#: What each setting can be, in words: for messages and for the reference.
ALLOWED = {
    "data": _FOLDER,
    "database_url": "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE; a store in memory cannot be shared",
    "hostkeys": _FOLDER,
    "sftp_host": _HOST,
    "sftp_port": _PORT,
    "sftp_processes": "a whole number from 1 to 64",
    "sftp_algorithms": "modern or compatible",
    "sftp_legacy_port": "another port than the door's own, a whole number from 0 to 65535; empty is none",
    "sftp_allow": _NETWORKS,
    "sftp_balancers": _NETWORKS,
    "sftp_login_seconds": "a number of seconds from 5 to 3600",
    "sftp_idle_seconds": "a number of seconds from 10 to 604800, which is a week",
    "sftp_most_refusals": "a whole number from 1 to 1000",
    "sftp_most_refusals_per_address": _MANY,
    "sftp_ban_seconds": "a number of seconds from 1 to 2592000, which is 30 days",
    "sftp_most_starting": _MANY,
    "sftp_most_starting_per_address": _MANY,
    "sftp_most_per_login": _MANY,
    "sftp_most_per_address": _MANY,
    "web_host": _HOST,
    "web_port": _PORT,
    "web": "on or off",
    "web_url": "an address such as https://roster.example.org, without a question mark; empty is as the client says",
    "web_requests_per_minute": _MANY,
    "quiet_seconds": _SECONDS,
    "grace_seconds": _SECONDS,
    "log": "console or json",
}


def _read_networks(written: object) -> object:
    """Networks as they are written, in the environment or as a list in the file."""
    parts = written.split(",") if isinstance(written, str) else written
    if not isinstance(parts, list | tuple):
        return written
    return tuple(ip_network(str(part).strip(), strict=False) for part in parts if str(part).strip())


_Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_read_networks)]


class Settings(BaseSettings):
    """What an operator may set. The description of each field is its line in the reference."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data: Path = Field(
        Path("data"),
        validate_default=True,
        description="Data folder: the store, host keys and the folders of the districts.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="Where the store is. Empty: `roster.db` in the data folder.",
    )
    hostkeys: Path | None = Field(
        None, description="Folder of the SSH host key; made at the first start. Empty: `hostkeys` in the data folder."
    )
    sftp_host: str = Field("0.0.0.0", min_length=1, description="Address on which the SFTP door listens.")  # noqa: S104
    sftp_port: int = Field(2222, ge=0, le=65535, description="Its port; 0 takes any free one.")
    sftp_processes: int | None = Field(
        None, ge=1, le=64, description="Processes of the SFTP door on that port. Empty: one a core, at most 4."
    )
    sftp_algorithms: Literal["modern", "compatible"] = Field(
        "compatible", description="Which algorithms it speaks there: see docs/keys.md."
    )
    sftp_legacy_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="A second port for exporters that know only algorithms that are no longer safe. Empty: none.",
    )
    sftp_allow: _Networks = Field((), description="Networks that may connect to the SFTP door. Empty: all.")
    sftp_balancers: _Networks = Field(
        (), description="Balancers that must tell of their clients by the PROXY protocol, version 1 or 2."
    )
    sftp_login_seconds: float = Field(60, ge=5, le=3600, description="How long a client may take to log in.")
    sftp_idle_seconds: float = Field(
        1800, ge=10, le=604800, description="How long a session may ask for nothing before it ends."
    )
    sftp_most_refusals: int = Field(12, ge=1, le=1000, description="Wrong passwords and keys that end a connection.")
    sftp_most_refusals_per_address: int = Field(
        20, ge=1, le=1_000_000, description="Wrong passwords within 10 minutes that ban an address."
    )
    sftp_ban_seconds: float = Field(
        600, ge=1, le=2_592_000, description="Length of the first ban; each further one is twice as long, up to a day."
    )
    sftp_most_starting: int = Field(
        100, ge=1, le=1_000_000, description="Connections of one process that are not logged in yet."
    )
    sftp_most_starting_per_address: int = Field(20, ge=1, le=1_000_000, description="The same from one address.")
    sftp_most_per_login: int = Field(16, ge=1, le=1_000_000, description="Connections that one login may have open.")
    sftp_most_per_address: int = Field(
        64, ge=1, le=1_000_000, description="Connections that may be logged in from one address."
    )
    web: Literal["on", "off"] = Field("on", description="Whether `up` opens the web door, where vendors read.")
    web_host: str = Field("127.0.0.1", min_length=1, description="Address on which the web door listens.")
    web_port: int = Field(8080, ge=0, le=65535, description="Its port; 0 takes any free one.")
    web_url: str = Field(
        "", description="Public address of the web door, as vendors reach it. Empty: as each client calls it."
    )
    web_requests_per_minute: int = Field(
        1200, ge=1, le=1_000_000, description="Requests that one token may make in a minute."
    )
    quiet_seconds: float = Field(
        60, ge=0, allow_inf_nan=False, description="How long nothing may happen in a folder before an upload counts."
    )
    grace_seconds: float = Field(
        10, ge=0, allow_inf_nan=False, description="How long open uploads may go on after a stop was asked for."
    )
    log: Literal["console", "json"] | None = Field(
        None, description="Style of the log on standard error. Empty: `console` on a terminal, else `json`."
    )

    @field_validator("data", "hostkeys", mode="after")
    @classmethod
    def _whole_path(cls, path: Path | None) -> Path | None:
        return path and whole(path)

    @field_validator("sftp_legacy_port", mode="after")
    @classmethod
    def _another_port(cls, port: int | None, others: ValidationInfo) -> int | None:
        if port and port == others.data.get("sftp_port"):
            raise ValueError("the door's own port")
        return port

    @field_validator("web_url", mode="after")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ValueError("no address")
        return url.rstrip("/")

    @field_validator("database_url", mode="after")
    @classmethod
    def _a_store_we_know(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not _is_store(url.get_secret_value()):
            raise ValueError("no store that we know")
        return url

    @classmethod
    def settings_customise_sources(  # noqa: D102  (pydantic-settings asks where to look first)
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @property
    def store_url(self) -> str:
        """The URL of the store; may hold a password."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data / 'roster.db'}"

    @property
    def door_processes(self) -> int:
        """How many processes the SFTP door has."""
        return self.sftp_processes or min(len(os.sched_getaffinity(0)), 4)

    @property
    def host_keys(self) -> Path:
        """The folder of the SSH host key."""
        return self.hostkeys or self.data / "hostkeys"


def whole(path: Path) -> Path:
    """A path as it is meant: `~` is the home folder, and a relative one begins where the command runs."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # ~nobody/there
        raise ValueError("no such home folder") from None


def _is_store(url: str) -> bool:
    """Whether every process that opens it finds the same store; each has its own of those in memory."""
    file = url.removeprefix("sqlite:///")
    if file != url:
        return not file.startswith((":memory:", "file:", "?")) and file != ""
    return url.startswith(("postgresql://", "postgresql+psycopg://"))
