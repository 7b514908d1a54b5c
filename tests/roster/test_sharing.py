"""What may be said of a sharing, and what of a record is seen."""

from datetime import date

import pytest

from sftpingest.roster.kinds import VALUES, Kind
from sftpingest.roster.rules import CREDENTIALS, Condition, Rule, Sign, WrongSharing, fields, read_rules
from sftpingest.roster.sharing import OF_EXT, Group, Mode, Sharing, columns, plain, seen_in_ext, sharing_of

RULES = """
[[rule]]
share = "section"
where = [
    { field = "subject", is = "math" },
    { field = "grade", is_any_of = ["3", "4"] },
    { field = "school_id", is_not = "west" },
]

[[rule]]
share = "student"
where = [{ field = "ext.team", contains = "blue" }]
"""


def test_rules_are_read_as_they_are_written() -> None:
    math = (
        Condition("subject", Sign.IS, ("math",)),
        Condition("grade", Sign.IS_ANY_OF, ("3", "4")),
        Condition("school_id", Sign.IS_NOT, ("west",)),
    )
    blue = Condition("ext.team", Sign.CONTAINS, ("blue",))
    assert read_rules(RULES) == (Rule(Kind.SECTION, math), Rule(Kind.STUDENT, (blue,)))


WHERE = 'share = "section"\nwhere = '


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rule in it"),
        ("rule = 3", "no rule in it"),
        ("[[rule]", "not TOML"),
        ("[[rules]]", '"rules"'),
        ("[[rule]]\nwho = 1", "may only say share and where"),
        ('[[rule]]\nshare = "course"', 'shares "course". It can share: section, student, teacher, staff'),
        ('[[rule]]\nshare = "section"', "has no condition"),
        (f"[[rule]]\n{WHERE}[3]", "a field and one of is, is_not"),
        (f'[[rule]]\n{WHERE}[{{ field = "name" }}]', "a field and one of"),
        (f'[[rule]]\n{WHERE}[{{ field = "name", is = "a", contains = "b" }}]', "a field and one of"),
        (f'[[rule]]\n{WHERE}[{{ field = "nam", is = "a" }}]', 'a section has no field "nam". It has: id, school_id'),
        (f'[[rule]]\n{WHERE}[{{ field = "ext.", is = "a" }}]', 'no field "ext."'),
        (f'[[rule]]\n{WHERE}[{{ is = "a" }}]', "no field"),
        (f'[[rule]]\n{WHERE}[{{ field = "grade", is = 3 }}]', "text in quotation marks"),
        (f'[[rule]]\n{WHERE}[{{ field = "grade", is = ["3", "4"] }}]', "text in quotation marks"),
        (f'[[rule]]\n{WHERE}[{{ field = "grade", is_any_of = [] }}]', '["3", "4"]'),
        (f'[[rule]]\n{WHERE}[{{ field = "name", contains = "" }}]', "must contain"),
        ('[[rule]]\nshare = "student"\nwhere = [{ field = "username", is = "a" }]', 'no field "username"'),
        ('[[rule]]\nshare = "student"\nwhere = [{ field = "ext.UserName", is = "a" }]', 'no field "ext.UserName"'),
        ('[[rule]]\nshare = "student"\nwhere = [{ field = "grade", is = 2026-01-01 }]', "text in quotation marks"),
        (f'[[rule]]\n{WHERE}[{", ".join(["""{ field = "name", is = "a" }"""] * 201)}]', "200 conditions"),
    ],
)
def test_rules_that_cannot_be_used_say_why(text: str, said: str) -> None:
    with pytest.raises(WrongSharing) as wrong:
        read_rules(text)
    assert said in str(wrong.value)


def test_a_mode_needs_what_it_chooses_by_and_takes_nothing_else() -> None:
    for mode in (Mode.SCHOOLS, Mode.SECTIONS, Mode.RULES):
        with pytest.raises(WrongSharing, match=r"needs at least one|needs a file"):
            Sharing(mode)
    with pytest.raises(WrongSharing, match=r"^--school ID goes only with the mode schools"):
        Sharing(Mode.EVERYTHING, schools=("north",))
    with pytest.raises(WrongSharing, match="before it starts"):
        Sharing(Mode.EVERYTHING, starts=date(2027, 2, 1), ends=date(2027, 1, 1))


@pytest.mark.parametrize("text", ["a\0b", "\udcff"])
def test_what_no_store_keeps_is_refused(text: str) -> None:
    for said in ({"schools": (text,)}, {"schools": ("a",), "purpose": text}):
        with pytest.raises(WrongSharing, match="letters in it that are none"):
            Sharing(Mode.SCHOOLS, **said)


@pytest.mark.parametrize(
    "kept",
    [
        {"mode": "everything", "grades": ["3"]},
        {"mode": "moon"},
        {},
        {"mode": "everything", "fields": ["shoes"]},
        {"mode": "everything", "ends": "soon"},
        {"mode": "rules", "rules": [{"share": "section", "where": [{"field": "name", "like": "a"}]}]},
    ],
)
def test_what_another_version_of_the_program_kept_is_never_read_as_less(kept: dict[str, object]) -> None:
    with pytest.raises(WrongSharing):
        sharing_of(kept)


def test_a_sharing_is_open_from_its_first_day_to_its_last() -> None:
    year = Sharing(Mode.EVERYTHING, starts=date(2026, 8, 1), ends=date(2027, 6, 30))
    days = [date(2026, 7, 31), date(2026, 8, 1), date(2027, 6, 30), date(2027, 7, 1)]
    assert [year.open_on(day) for day in days] == [False, True, True, False]
    assert Sharing(Mode.EVERYTHING).open_on(days[0])


def test_who_people_are_is_always_seen_and_a_credential_never() -> None:
    identity = {"school_id", "first_name", "last_name", "grade", "email", "number"}
    assert identity <= set(columns(Kind.STUDENT, []))
    for kind in Kind:
        if kind is not Kind.ENROLLMENT:
            assert not CREDENTIALS & set(columns(kind, Group))
            assert set(VALUES[kind]) - CREDENTIALS == set(columns(kind, Group))


@pytest.mark.parametrize(
    ("group", "seen"),
    [
        (Group.DEMOGRAPHICS, "birth_date"),
        (Group.PROGRAMS, "iep"),
        (Group.ACADEMICS, "weighted_gpa"),
        (Group.ADDRESSES, "street"),
        (Group.OTHER, "ext"),
        (Group.CONTACT_DETAILS, "ext"),
    ],
)
def test_other_fields_are_seen_only_by_grant(group: Group, seen: str) -> None:
    assert seen in columns(Kind.STUDENT, [group])
    assert seen not in columns(
        Kind.STUDENT, set(Group) - {group} - ({*OF_EXT.values(), Group.OTHER} if seen == "ext" else set())
    )


def test_contacts_are_seen_only_where_they_are_granted() -> None:
    assert columns(Kind.CONTACT, set(Group) - {Group.CONTACTS}) == ()
    assert "phone" in columns(Kind.CONTACT, [Group.CONTACTS])


def test_what_oneroster_puts_among_the_own_columns_has_the_grant_of_its_group() -> None:
    def shows(name: str, *groups: Group) -> bool:
        all_but, names = seen_in_ext(groups)
        return (name in names) != all_but

    assert [shows("phone", group) for group in (Group.OTHER, Group.CONTACT_DETAILS)] == [False, True]
    assert [shows("team", group) for group in (Group.OTHER, Group.CONTACT_DETAILS)] == [True, False]
    assert [shows("cityofbirth", group) for group in (Group.OTHER, Group.DEMOGRAPHICS)] == [False, True]
    assert not any(shows(name, *Group) for name in ("username", "userids"))
    assert not any(shows(name) for name in ("phone", "team", "username"))


def test_a_sharing_is_kept_and_read_back_as_it_was() -> None:
    for sharing in (
        Sharing(Mode.EVERYTHING),
        Sharing(Mode.SCHOOLS, schools=("north", "ü"), staff=True, groups=frozenset(Group)),
        Sharing(Mode.SECTIONS, sections=("alg",), purpose="Maths", agreement="A-17", ends=date(2027, 6, 30)),
        Sharing(Mode.RULES, rules=read_rules(RULES), starts=date(2026, 8, 1)),
    ):
        assert sharing_of(plain(sharing)) == sharing
    assert plain(Sharing(Mode.EVERYTHING)) == {"mode": "everything"}


def test_a_rule_may_look_at_every_field_but_credentials() -> None:
    assert "username" not in fields(Kind.STUDENT)
    assert {"id", "subject", "course.name", "teacher_id"} <= set(fields(Kind.SECTION))
