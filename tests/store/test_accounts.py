"""Districts and logins."""

import subprocess
import sys
from datetime import date

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, insert, select, text

from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts, journal
from sftpingest.store.accounts import NoSuchDistrict, NoSuchLogin, Taken, WrongSetting
from sftpingest.store.setting import DistrictSettings
from sftpingest.store.tables import FindingRow, Login, Sync, Transition, table
from sftpingest.store.versions import VERSIONS


@pytest.fixture
def ready(engine: Engine) -> Engine:
    with engine.begin() as c:
        accounts.add_district(c, "north-hills", "North Hills Unified")
    return engine


def settings(engine: Engine) -> DistrictSettings:
    with engine.connect() as c:
        return accounts.district_settings(accounts.district(c, "north-hills"))


def set_(engine: Engine, key: str, text: str) -> DistrictSettings:
    with engine.begin() as c:
        accounts.set_district(c, "north-hills", key, text)
    return settings(engine)


def test_a_district_is_found_by_its_slug(ready: Engine) -> None:
    with ready.connect() as c:
        found = accounts.district(c, "north-hills")
        assert (found.slug, found.name, found.head) == ("north-hills", "North Hills Unified", None)
        assert found.created_at.tzinfo is not None
        assert accounts.district_of(c, found.id).slug == "north-hills"


def test_districts_are_listed_by_slug(ready: Engine) -> None:
    with ready.begin() as c:
        accounts.add_district(c, "apple-valley", "Apple Valley")
        assert [found.slug for found in accounts.districts(c)] == ["apple-valley", "north-hills"]


def test_an_unknown_district_is_said(ready: Engine) -> None:
    with ready.begin() as c:
        with pytest.raises(NoSuchDistrict, match='no district "south"'):
            accounts.district(c, "south")
        with pytest.raises(NoSuchDistrict):
            accounts.set_district(c, "south", "format", "clever")
        with pytest.raises(NoSuchDistrict):
            accounts.remove_district(c, "south")


def test_a_slug_is_taken_once(ready: Engine) -> None:
    with ready.begin() as c, pytest.raises(Taken, match='"north-hills" is taken'):
        accounts.add_district(c, "north-hills", "Another one")


def test_a_slug_that_cannot_be_a_folder_is_refused(ready: Engine, subtests: pytest.Subtests) -> None:
    for slug in ("", "North", "-north", "../north", "nörth", "a b", "n" * 64, "north\n"):
        with subtests.test(slug=slug), ready.begin() as c, pytest.raises(WrongSetting, match="small letters"):
            accounts.add_district(c, slug, "North")
    with ready.connect() as c:
        assert [found.slug for found in accounts.districts(c)] == ["north-hills"]


def test_a_new_district_has_the_defaults(ready: Engine) -> None:
    assert settings(ready) == DistrictSettings()
    assert (settings(ready).max_removed, settings(ready).max_updated) == (0.10, 0.75)


SETTINGS: list[tuple[str, str, str, object]] = [
    ("max_removed", "15%", "max_removed", 0.15),
    ("max_removed", "0.2", "max_removed", 0.2),
    ("MAX-REMOVED", "0 %", "max_removed", 0.0),
    ("max_updated", "100%", "max_updated", 1.0),
    ("max_removed.student", "5%", "max_removed_of", {"student": 0.05}),
    ("max_updated.enrollment", "1", "max_updated_of", {"enrollment": 1.0}),
    ("pause_start", "2026-12-21", "pause_start", date(2026, 12, 21)),
    ("quiet_seconds", "2.5", "quiet_seconds", 2.5),
    ("format", "Clever", "format", "clever"),
    ("file.Export-1_a.csv", "students.csv", "files", {"export-1_a.csv": "students.csv"}),
    ("FILE.students_*.csv", " nothing ", "files", {"students_*.csv": "nothing"}),
    ("quota_bytes", "5 GB", "quota_bytes", 5_000_000_000),
    ("quota_bytes", "1024", "quota_bytes", 1024),
    ("retention_days", "30", "retention_days", 30),
]


def test_a_setting_is_read_as_people_write_it(ready: Engine, subtests: pytest.Subtests) -> None:
    for key, written, field, value in SETTINGS:
        with subtests.test(key=key, written=written):
            assert getattr(set_(ready, key, written), field) == value
            assert set_(ready, key, "default") == DistrictSettings()


IMPOSSIBLE = [
    ("file.a.csv", "../students.csv"),
    ("max_removed", "10"),
    ("max_removed", "-1%"),
    ("max_removed", "nan"),
    ("max_removed", "101%"),
    ("max_removed", "a lot"),
    ("pause_start", "21.12.2026"),
    ("quiet_seconds", "-1"),
    ("quiet_seconds", "inf"),
    ("quota_bytes", "0"),
    ("quota_bytes", "many"),
    ("retention_days", "0"),
    ("retention_days", "1.5"),
    ("format", "../clever"),
]


def test_a_value_that_cannot_be_is_refused_and_named(ready: Engine, subtests: pytest.Subtests) -> None:
    for key, written in IMPOSSIBLE:
        with subtests.test(key=key, written=written):
            with pytest.raises(WrongSetting) as wrong:
                set_(ready, key, written)
            assert all(part in str(wrong.value) for part in (key, f'"{written}"', "Allowed:", "default"))
            assert settings(ready) == DistrictSettings()


UNKNOWN = (
    *("max_remove", "format.student", "max_removed.pupil", "max_removed.", "", "name"),
    *("file", "file.", "file.a/b.csv"),
)


def test_an_unknown_setting_is_refused_with_those_there_are(ready: Engine, subtests: pytest.Subtests) -> None:
    for key in UNKNOWN:
        with subtests.test(key=key), pytest.raises(WrongSetting, match="retention_days"):
            set_(ready, key, "1")
    assert settings(ready) == DistrictSettings()


def test_default_takes_a_setting_back(ready: Engine) -> None:
    set_(ready, "max_removed.student", "5%")
    set_(ready, "retention_days", "7")
    set_(ready, "max_removed.student", "default")
    assert set_(ready, "retention_days", "") == DistrictSettings()


def test_a_pause_that_ends_before_it_begins_is_refused(ready: Engine) -> None:
    set_(ready, "pause_end", "2027-01-04")
    with pytest.raises(WrongSetting, match="pause_end"):
        set_(ready, "pause_start", "2027-01-05")


@pytest.mark.parametrize(
    ("start", "end", "paused"),
    [
        (None, None, False),
        (date(2026, 12, 21), None, True),
        (date(2026, 12, 23), None, False),
        (None, date(2026, 12, 22), True),
        (None, date(2026, 12, 21), False),
        (date(2026, 12, 22), date(2026, 12, 22), True),
    ],
)
def test_a_pause_has_its_first_and_its_last_day(start: date | None, end: date | None, paused: bool) -> None:
    assert DistrictSettings(pause_start=start, pause_end=end).paused(date(2026, 12, 22)) is paused


def test_removing_a_district_removes_all_its_rows_and_no_others(ready: Engine) -> None:
    with ready.begin() as c:
        accounts.add_district(c, "south", "South")
        for slug in ("north-hills", "south"):
            accounts.add_login(c, slug, f"{slug}-nightly", "made-up")
            journal.queue(c, accounts.district(c, slug).id, f"mark of {slug}", "sftp", None)
        accounts.remove_district(c, "north-hills")
        left = {model.__name__: len(c.execute(select(table(model))).all()) for model in (Login, Sync, Transition)}
        assert left == {"Login": 1, "Sync": 1, "Transition": 1}
        assert c.execute(select(table(FindingRow))).all() == []
        assert [found.slug for found in accounts.districts(c)] == ["south"]


def test_the_roster_of_a_removed_district_goes_with_it(ready: Engine, store_url: str) -> None:
    count = "SELECT count(*) FROM student_version"
    with ready.begin() as c:
        of = accounts.district(c, "north-hills").id
        for no, district_id in enumerate((of, of, of + 1)):
            made = {column.name: 1 if column.type.python_type is int else "x" for column in VERSIONS[Kind.STUDENT].c}
            c.execute(
                insert(VERSIONS[Kind.STUDENT]).values(made | {"district_id": district_id, "no": no, "id": str(no)})
            )
        assert c.scalar(text(count)) == 3
    # In a process of its own, which imports no more than it needs.
    script = (
        "import sys; from sftpingest.store import accounts; from sftpingest.store.engine import open_store\n"
        "with open_store(sys.argv[1]).begin() as c: accounts.remove_district(c, 'north-hills')"
    )
    subprocess.run([sys.executable, "-c", script, store_url], check=True)
    with ready.connect() as c:
        assert c.scalar(text(count)) == 1


def test_the_number_of_a_removed_sync_is_not_given_again(ready: Engine) -> None:
    with ready.begin() as c:
        first = journal.queue(c, accounts.district(c, "north-hills").id, "1", "sftp", None)
        accounts.remove_district(c, "north-hills")
        again = accounts.add_district(c, "north-hills", "North Hills")
        assert journal.queue(c, again.id, "2", "sftp", None) > first


def test_a_login_comes_back_as_it_was_given(ready: Engine) -> None:
    key = "ssh-ed25519 AAAAC3Nza example"
    with ready.begin() as c:
        accounts.add_login(
            c, "north-hills", "nightly", "made-up", [f"{key}\n"], ["192.0.2.17/24", "2001:db8::1"], date(2027, 6, 30)
        )
        found = accounts.login(c, "nightly")
    assert found is not None
    assert found.keys == [key]
    assert found.allow == ["192.0.2.0/24", "2001:db8::1/128"]
    assert (found.expires, found.disabled) == (date(2027, 6, 30), False)
    assert found.password_hash is not None
    assert found.password_hash.startswith("$argon2id$")
    assert "argon2id" not in repr(found)


def test_a_username_is_taken_once_over_all_districts(ready: Engine) -> None:
    with ready.begin() as c:
        accounts.add_district(c, "south", "South")
        accounts.add_login(c, "north-hills", "nightly", "made-up")
        with pytest.raises(Taken, match='"nightly" is taken'):
            accounts.add_login(c, "south", "nightly", "made-up")


def test_a_username_that_cannot_be_is_refused(ready: Engine, subtests: pytest.Subtests) -> None:
    for username in ("", "a b", "-a", "../a", "a\n", "ä", "a" * 65):
        with subtests.test(username=username), ready.begin() as c, pytest.raises(WrongSetting, match="username"):
            accounts.add_login(c, "north-hills", username, "made-up")
    with ready.connect() as c:
        assert accounts.logins(c, "north-hills") == []


def test_a_network_that_is_none_is_refused(ready: Engine) -> None:
    with ready.begin() as c, pytest.raises(WrongSetting, match="address or network"):
        accounts.add_login(c, "north-hills", "nightly", "made-up", [], ["the office"])


def test_logins_are_disabled_and_removed(ready: Engine) -> None:
    with ready.begin() as c:
        for name in ("b", "a"):
            accounts.add_login(c, "north-hills", name, "made-up")
        accounts.disable_login(c, "a")
        assert [(found.username, found.disabled) for found in accounts.logins(c, "north-hills")] == [
            ("a", True),
            ("b", False),
        ]
        accounts.remove_login(c, "a")
        assert accounts.login(c, "a") is None
        with pytest.raises(NoSuchLogin):
            accounts.remove_login(c, "a")
        with pytest.raises(NoSuchLogin):
            accounts.disable_login(c, "a")


def test_only_the_right_password_is_right(ready: Engine) -> None:
    with ready.begin() as c:
        with_password = accounts.add_login(c, "north-hills", "nightly", "Pässwort")
        with_key = accounts.add_login(c, "north-hills", "by-key", None, ["ssh-ed25519 AAAA"])
    assert accounts.verify_password(with_password, "Pässwort")
    assert not accounts.verify_password(with_password, "Passwort")
    assert not accounts.verify_password(with_password, "\udcff")  # bytes that are no UTF-8
    assert not accounts.verify_password(with_key, "")
    assert not accounts.verify_password(with_key, "the password of nobody")
    assert not accounts.verify_password(None, "the password of nobody")


def test_an_unknown_login_costs_a_whole_hash(monkeypatch: pytest.MonkeyPatch, ready: Engine) -> None:
    hashed = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, hash_: str, password: bytes) -> bool:
        hashed.append(hash_)
        return real(self, hash_, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    with ready.begin() as c:
        known = accounts.add_login(c, "north-hills", "nightly", "made-up")
    accounts.verify_password(known, "wrong")
    accounts.verify_password(None, "wrong")
    cost = [hash_.split("$")[1:4] for hash_ in hashed]
    assert len(cost) == 2
    assert cost[0] == cost[1]
