"""Settings: where they come from, and how a wrong one is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from sftpingest.settings import ALLOWED, PREFIX, Settings, WrongSetting, names, read


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_the_defaults_are_those_of_the_documentation(tmp_path: Path) -> None:
    settings = read()
    assert settings.data == tmp_path / "data"
    assert settings.store_url == f"sqlite:///{tmp_path / 'data' / 'roster.db'}"
    assert settings.host_keys == tmp_path / "data" / "hostkeys"
    assert (settings.sftp_host, settings.sftp_port, settings.quiet_seconds) == ("0.0.0.0", 2222, 60)  # noqa: S104
    assert (settings.web, settings.web_host, settings.web_port, settings.log) == ("on", "127.0.0.1", 8080, None)


@pytest.mark.usefixtures("closed", "somebody_else")
def test_a_data_folder_of_somebody_else_is_one_sentence() -> None:
    with pytest.raises(WrongSetting, match="Run this command as the user that the service runs as"):
        read()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sftpingest.toml").write_text('sftp_port = 22\nlog = "json"\n')
    monkeypatch.setenv("SFTPINGEST_SFTP_PORT", "2200")
    assert (read().sftp_port, read().log) == (2200, "json")


@pytest.mark.parametrize("value", ["", "~/there"])
def test_the_file_is_looked_for_in_the_data_folder_however_that_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SFTPINGEST_DATA", value)
    folder = tmp_path / ("there" if value else "data")
    folder.mkdir()
    (folder / "sftpingest.toml").write_text("sftp_port = 22\n")
    assert (read().data, read().sftp_port) == (folder, 22)


def test_another_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('data = "elsewhere"\nhostkeys = "keys"\n')
    settings = read(tmp_path / "other.toml")
    assert (settings.data, settings.host_keys) == (tmp_path / "elsewhere", tmp_path / "keys")


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://sftpingest:geheim@db/roster\n")
    monkeypatch.setenv("SFTPINGEST_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = read()
    assert settings.store_url == "postgresql://sftpingest:geheim@db/roster"
    assert "geheim" not in repr(settings)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFTPINGEST_LOG", "")
    monkeypatch.setenv("SFTPINGEST_DATABASE_URL_FILE", "")
    assert read().log is None


@pytest.mark.parametrize(
    ("variable", "value", "names_it"),
    [
        ("SFTPINGEST_SFTP_PROT", "22", "did you mean SFTPINGEST_SFTP_PORT?"),
        ("SFTPINGEST_SFTP_BAN", "9", "did you mean SFTPINGEST_SFTP_BAN_SECONDS?"),
        ("SFTPINGEST_FOO", "22", "docs/reference/settings.md lists them"),
        ("SFTPINGEST_NONSENSE", "1", "SFTPINGEST_NONSENSE"),
        ("SFTPINGEST_sftp_port", "22", "SFTPINGEST_sftp_port"),
        ("SFTPINGEST_SFTP_PORT", "ssh", "SFTPINGEST_SFTP_PORT"),
        ("SFTPINGEST_SFTP_PORT", "70000", "SFTPINGEST_SFTP_PORT"),
        ("SFTPINGEST_QUIET_SECONDS", "-1", "SFTPINGEST_QUIET_SECONDS"),
        ("SFTPINGEST_QUIET_SECONDS", "inf", "SFTPINGEST_QUIET_SECONDS"),
        ("SFTPINGEST_LOG", "xml", "SFTPINGEST_LOG"),
        ("SFTPINGEST_DATABASE_URL", "mysql://user:geheim@db/x", "SFTPINGEST_DATABASE_URL"),
        ("SFTPINGEST_DATABASE_URL_FILE", "nowhere", "SFTPINGEST_DATABASE_URL_FILE"),
        ("SFTPINGEST_DATABASE_URL", "sqlite:///", "sqlite:///FILE"),
        ("SFTPINGEST_DATABASE_URL", "sqlite:///:memory:", "sqlite:///FILE"),
        ("SFTPINGEST_DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "sqlite:///FILE"),
        ("SFTPINGEST_DATA", "~nobody-at-all/x", "SFTPINGEST_DATA"),
        ("SFTPINGEST_LOG", "xml", "console or json"),
        ("SFTPINGEST_SFTP_PORT", "ssh", "a whole number from 0 to 65535"),
        ("SFTPINGEST_QUIET_SECONDS", "soon", "a number of seconds"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, names_it: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(WrongSetting) as refused:
        read()
    assert names_it in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "names_it"),
    [("sftp_prot = 22", "did you mean sftp_port?"), ("sftp_port = 'x'", "sftp_port"), ("sftp_port = ", "not TOML")],
)
def test_a_wrong_line_of_the_file_is_refused_by_name(tmp_path: Path, text: str, names_it: str) -> None:
    (tmp_path / "sftpingest.toml").write_text(text)
    with pytest.raises(WrongSetting, match=r".+") as refused:
        read(tmp_path / "sftpingest.toml")
    assert names_it in str(refused.value)


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"nowhere\.toml"):
        read(tmp_path / "nowhere.toml")


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///a.db")
    monkeypatch.setenv("SFTPINGEST_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("SFTPINGEST_DATABASE_URL", "sqlite:///b.db")
    with pytest.raises(WrongSetting, match="both set"):
        read()


@pytest.mark.parametrize(("name", "value"), [("sftp_port", "ssh"), ("log", "xml"), ("quiet_seconds", "-1")])
def test_what_is_said_is_said_in_plain_words(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(WrongSetting) as refused:
        read()
    assert str(refused.value) == f'{PREFIX}{name.upper()} cannot be "{value}". Allowed: {ALLOWED[name]}.'


def test_a_wrong_secret_in_a_file_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("mysql://user:geheim@db/x")
    monkeypatch.setenv("SFTPINGEST_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(WrongSetting, match="SFTPINGEST_DATABASE_URL_FILE") as refused:
        read()
    assert "settings file" not in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_file_of_a_secret_that_is_empty_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("\n")
    monkeypatch.setenv("SFTPINGEST_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(WrongSetting, match="which is empty"):
        read()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        read().sftp_port = 1


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    assert all(name.startswith(PREFIX) for name in names())
    assert set(ALLOWED) == set(Settings.model_fields)
