"""OneRoster through the SFTP door, on each store: a whole set, a delta, the same again, and a way back.

In:  the cases of tests/formats/oneroster.
Out: nothing.
"""

from pathlib import Path

from sftpingest.store.tables import State
from tests.flow.conftest import District

CASES = Path(__file__).parent.parent / "formats" / "oneroster" / "good"


def files_of(case: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (CASES / case).glob("*.csv") if "expected" not in path.name}


def test_a_set_a_delta_and_a_manifest_alone(springfield: District) -> None:
    whole = springfield.uploaded(files_of("bulk"))
    assert (whole.state, whole.findings) == (State.APPLIED, {"file.not_rostered": 1})
    counted = {kind: changes["created"] for kind, changes in whole.kinds.items()}
    assert counted == {
        "school": 2,
        "term": 2,
        "course": 1,
        "section": 2,
        "student": 2,
        "teacher": 2,
        "staff": 1,
        "contact": 1,
        "enrollment": 5,
    }
    assert "OneRoster" in springfield.latest().summary
    assert "roles.csv" in springfield.latest().summary

    delta = springfield.uploaded(files_of("delta"), gone=files_of("bulk").keys() - files_of("delta").keys())
    assert (delta.state, delta.findings) == (State.APPLIED, {})
    changed = {kind: {what: n for what, n in counts.items() if n} for kind, counts in delta.kinds.items()}
    assert changed["student"] == {"updated": 1, "removed": 1}
    assert changed["enrollment"] == {"created": 1, "removed": 2, "unchanged": 3}
    assert changed["teacher"] == {"unchanged": 2}
    assert changed["contact"] == {"unchanged": 1}
    assert list(springfield.shown("student")["last_name"]) == ["Ash-Elm"]
    assert list(springfield.shown("student")["birth_date"]) == ["2011-02-03"]
