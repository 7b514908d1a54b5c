"""What a vendor sees, as SQL views of PostgreSQL: one a kind, with the columns of roster.exported.

In:  a vendor's number, the name of a schema.
Out: CREATE VIEW statements. The views hold no list of districts or fields of their own: which sharing decides, its days
     and its groups are read from the tables whenever a view is read, and `seen` says which records.

A district's rows are there only where its last edition is of the sharing that decides, and that holds today, as
store/reading.py has it. `security_barrier`: no function in a vendor's WHERE is asked about a row that it does not see.
"""

from collections.abc import Iterator

from sftpingest.roster.exported import Field, Type, exported
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.roster.rules import CREDENTIALS
from sftpingest.roster.sharing import KNOWN, OF_EXT, Group
from sftpingest.store.editions import NUMBER
from sftpingest.store.vendors import DECIDES, Said
from sftpingest.store.versions import OPEN as OPEN_END
from sftpingest.store.versions import name_of

#: The view that says which districts are open today and what of them. No role may read it.
OPEN = "open_now"
#: The view of districts that a vendor may read.
DISTRICTS = "district"
_TODAY = "CAST(timezone('utc', now()) AS date)"


def views(schema: str, vendor_id: int) -> Iterator[tuple[str, str]]:
    """The name of each view and the statement that makes it, in an order in which they can be made."""
    yield OPEN, _view(schema, OPEN, _open(vendor_id))
    facts = "SELECT slug AS district, id, name, sync FROM"
    yield DISTRICTS, _view(schema, DISTRICTS, f"{facts} {schema}.{OPEN}")
    for kind in Kind:
        select = _enrollments if kind is Kind.ENROLLMENT else _records
        yield kind.value, _view(schema, kind.value, select(schema, vendor_id, kind))


def _view(schema: str, name: str, select: str) -> str:
    return f"CREATE VIEW {schema}.{name} WITH (security_barrier) AS {select}"


def _open(vendor_id: int) -> str:
    decides = ", ".join(f"'{said}'" for said in DECIDES)
    known = ", ".join(f"'{name}'" for name in sorted(KNOWN))
    named = "sha256(convert_to('district', 'UTF8') || '\\x00' || convert_to(d.slug, 'UTF8'))"
    id_ = f"rpad(left(encode({named}, 'hex'), 6), 24, '0')"  # as roster.ids
    return f"""
    SELECT d.id AS no, d.slug, d.name, {id_} AS id, e.sync_id AS sync, COALESCE(e.sync_id, 0) AS at,
           COALESCE(said.terms -> 'fields', '[]') AS fields
    FROM vendor v
    JOIN edition e ON e.vendor_id = v.id
    JOIN district d ON d.id = e.district_id
    JOIN LATERAL (SELECT s.id, s.state, CAST(s.terms AS jsonb) AS terms FROM sharing s WHERE s.id = e.sharing_id) said
         ON true
    WHERE v.id = {vendor_id} AND v.removed_at IS NULL
      AND e.id = (SELECT max(l.id) FROM edition l WHERE l.vendor_id = v.id AND l.district_id = d.id)
      AND said.id = (SELECT max(l.id) FROM sharing l
                     WHERE l.vendor_id = v.id AND l.district_id = d.id AND l.state IN ({decides}))
      AND said.state = '{Said.SET}'
      AND COALESCE(CAST(said.terms ->> 'starts' AS date), {_TODAY}) <= {_TODAY}
      AND COALESCE(CAST(said.terms ->> 'ends' AS date), {_TODAY}) >= {_TODAY}
      AND NOT EXISTS (SELECT 1 FROM jsonb_object_keys(said.terms) AS says WHERE says NOT IN ({known}))
    """  # noqa: S608  (our own words and numbers)


# ------------------------------------------------------------------------------------------------------------- records


def _records(schema: str, vendor_id: int, kind: Kind) -> str:
    fields = exported(kind, Group)
    columns = ", ".join(f"{_column(kind, one, vendor_id)} AS {one.name}" for one in fields)
    return f"""
    {_once(schema)}
    SELECT o.slug AS district, {columns}
    FROM o
    JOIN {_seen("s", vendor_id, kind, "o.no")}
    JOIN {_version("r", kind, "o.no", "r.no = s.no")}
    {f"WHERE {_granted(Group.CONTACTS)}" if kind is Kind.CONTACT else ""}
    """  # noqa: S608


def _once(schema: str) -> str:
    """What is open is asked once and not for each row: a planner that knows nothing of the tables would."""
    return f"WITH o AS MATERIALIZED (SELECT * FROM {schema}.{OPEN})"  # noqa: S608


def _seen(name: str, vendor_id: int, kind: Kind, district: str, no: str = "true") -> str:
    of = f"{name}.vendor_id = {vendor_id} AND {name}.district_id = {district} AND {name}.kind = {NUMBER[kind]}"
    return f"seen {name} ON {of} AND {no}"


def _version(name: str, kind: Kind, district: str, which: str) -> str:
    """The version of a record as of the edition."""
    # the same as first_sync <= at < end_sync; but said so, a planner takes most versions for current, as they are, and
    # not one in nine: else it joins large views row by row
    begun = f"{name}.first_sync <= o.at"
    then = f"({name}.end_sync = {OPEN_END} AND {begun} OR {name}.end_sync > o.at AND {begun})"
    return f"{name_of(kind)} {name} ON {name}.district_id = {district} AND {which} AND {then}"


def _named(kind: Kind, vendor_id: int, which: str, column: str = "n.id") -> str:
    """The record that another one names, if it is seen: looked up only where the column is asked for."""
    seen = _seen("n", vendor_id, kind, "o.no", "n.no = v.no")
    version = _version("v", kind, "o.no", which)
    return f"(SELECT {column} FROM {version.replace(' ON ', f' JOIN {seen} WHERE ', 1)})"  # noqa: S608


def _column(kind: Kind, one: Field, vendor_id: int) -> str:
    """Empty is null; dates and numbers are such; null too where the district has not granted it."""
    if one.name == "id":
        return "s.id"
    if one.name == "more_school_ids":
        return _further(vendor_id)
    if one.name == "ext":
        return _ext(kind)
    if one.of and one.type is Type.ID:
        return _named(one.of, vendor_id, f"v.id = r.{one.source} AND r.{one.source} <> ''")
    value = _typed(f"r.{one.source}", one.type)
    return f"CASE WHEN {_granted(one.group)} THEN {value} END" if one.group else value


def _typed(cell: str, kind: Type) -> str:
    numeric = f"CASE WHEN {cell} ~ '^[+-]?[0-9]{{1,9}}(\\.[0-9]*)?$' THEN CAST({cell} AS numeric) END"
    return {
        Type.DATE: f"CASE WHEN {cell} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' THEN CAST({cell} AS date) END",
        Type.WHOLE: f"CAST(trunc({numeric}) AS integer)",
        Type.NUMBER: numeric,
        Type.JSON: f"CAST(NULLIF({cell}, '') AS jsonb)",
    }.get(kind, f"NULLIF({cell}, '')")


def _granted(group: Group) -> str:
    return f"jsonb_exists(o.fields, '{group}')"


def _further(vendor_id: int) -> str:
    """Further schools of a person, as far as they are seen."""
    each = "jsonb_array_elements_text(CAST(NULLIF(r.more_school_ids, '') AS jsonb)) WITH ORDINALITY AS m(key, place)"
    version = _version("f", Kind.SCHOOL, "o.no", "f.id = m.key")
    seen = _seen("fs", vendor_id, Kind.SCHOOL, "o.no", "fs.no = f.no")
    return f"(SELECT jsonb_agg(fs.id ORDER BY m.place) FROM {each} JOIN {version} JOIN {seen})"  # noqa: S608


def _ext(kind: Kind) -> str:
    """The district's own columns, each by the grant that it needs."""
    never = ", ".join(f"'{name}'" for name in sorted(CREDENTIALS))
    special = " ".join(f"WHEN '{name}' THEN {_granted(group)}" for name, group in sorted(OF_EXT.items()))
    which = f"lower(p.key) NOT IN ({never}) AND CASE lower(p.key) {special} ELSE {_granted(Group.OTHER)} END"
    if kind not in {*PEOPLE, Kind.CONTACT}:
        which += f" AND {_granted(Group.OTHER)}"
    parts = f"jsonb_each_text(CAST(NULLIF(r.ext, '') AS jsonb)) AS p WHERE {which}"
    return f"(SELECT jsonb_object_agg(p.key, p.value) FROM {parts})"  # noqa: S608


# --------------------------------------------------------------------------------------------------------- enrollments


def _enrollments(schema: str, vendor_id: int, kind: Kind) -> str:
    """Those of whom both sides are seen."""
    student, teacher = NUMBER[Kind.STUDENT], NUMBER[Kind.TEACHER]
    people = f"p.vendor_id = {vendor_id} AND p.district_id = o.no AND p.no = r.person_no"
    of_kind = f"p.kind IN ({student}, {teacher}) AND p.kind = CASE r.role WHEN 0 THEN {student} ELSE {teacher} END"

    def own(of: Kind, no: str) -> str:
        return _named(of, vendor_id, f"v.no = r.{no}", "v.id")

    person = f"CASE r.role WHEN 0 THEN {own(Kind.STUDENT, 'person_no')} ELSE {own(Kind.TEACHER, 'person_no')} END"
    return f"""
    {_once(schema)}
    SELECT o.slug AS district, s.id AS section_id, p.id AS person_id,
           CASE r.role WHEN 0 THEN 'student' ELSE 'teacher' END AS role,
           {_named(Kind.SCHOOL, vendor_id, "v.no = r.school_no")} AS school_id,
           CAST(r.position AS integer) AS position, {own(Kind.SECTION, "section_no")} AS section_sis_id,
           {person} AS person_sis_id, {own(Kind.SCHOOL, "school_no")} AS school_sis_id
    FROM o
    JOIN {_seen("s", vendor_id, Kind.SECTION, "o.no")}
    JOIN {_version("r", kind, "o.no", "r.section_no = s.no")}
    JOIN seen p ON {people} AND {of_kind}
    """  # noqa: S608
