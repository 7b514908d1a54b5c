"""Whatever the bytes are, a set is judged and never falls over."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sftpingest.roster.conform import conform
from sftpingest.roster.finding import SENTENCES, Code, messages
from tests.roster.conform.sets import files_of, whole

FILES = files_of(whole())
NAMES = sorted(FILES)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(NAMES), raw=st.binary(max_size=60))
def test_no_bytes_make_it_fall_over(name: str, raw: bytes) -> None:
    findings = conform({"manifest.csv": FILES["manifest.csv"], "users.csv": FILES["users.csv"], name: raw}).findings
    assert len(findings) > 0
    assert len(messages(findings)) == len(findings)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    at=st.integers(0, 2000),
    put=st.sampled_from(
        [b'"', b",", b"\n", b"\r", b"\r\n", b'""', b'",', b"\xff", b"\0", b" ", b"\xc3\xa4", b"{", b"+1.5", b"1e999"]
    ),
    instead=st.integers(0, 8),
)
def test_no_small_damage_makes_it_fall_over(name: str, at: int, put: bytes, instead: int) -> None:
    raw = FILES[name]
    place = at % len(raw)
    conformed = conform(FILES | {name: raw[:place] + put + raw[place + instead :]})
    findings = conformed.findings
    rejected = findings[findings["severity"] == "row"].groupby("file")["row"].nunique()
    assert all(rows <= conformed.records.get(str(file), 0) for file, rows in rejected.items())
    assert set(findings["code"]) <= {code.value for code in Code}
    assert set(SENTENCES) == set(Code)
