"""The words in which a format is written down: its files, their columns, their readings.

In: nothing; `written` makes them out of a TOML file.
Out: Column, FileFormat, Format, which parse and validate are led by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sftpingest.roster.kinds import Kind


@dataclass(frozen=True)
class Shape:
    """What becomes of the cells of a column before they are read."""

    fixed: str = ""  #: the cell of every row; such a column has no heading
    joined: tuple[str, ...] = ()  #: headings whose cells are put together; each is a column of its own, see `part`
    between: str = ""  #: what stands between them
    split: str = ""  #: what stands between the parts of a cell of which only one counts
    part: int = 0  #: which one, counted from 1; from -1 where they are counted from the end
    default: str = ""  #: what an empty cell means


#: As they came.
AS_IT_CAME = Shape()


@dataclass(frozen=True)
class Column:
    """One column of a file.

    `name` is our word for it, with its part in front where it has one (`course.number`, `teaches.2`).
    """

    name: str
    headings: tuple[str, ...]  #: how the format spells it; the first is shown, the others are older spellings
    required: bool = False
    refers: Kind | None = None  #: the kind whose key stands here
    type: str | None = None  #: date, year, number or email; see spelling.TYPES
    words: Mapping[str, str] | None = None  #: folded spelling -> our word; None where any text will do
    date: str | None = None  #: how dates are written here, see dates.py; None where any of the usual ways will do
    pattern: str = ""  #: what the whole of a cell must match, as a regular expression
    says: str = ""  #: the same in words, for the message
    shape: Shape = AS_IT_CAME

    @property
    def heading(self) -> str:
        """The heading as the format's own documents spell it; our name where it has none."""
        return self.headings[0] if self.headings else " + ".join(self.shape.joined) or self.name

    @property
    def sought(self) -> bool:
        """Whether a file must have its heading."""
        return self.required and bool(self.headings)

    def part(self, at: int) -> "Column":
        """The column of one of the headings that are joined."""
        return Column(f"join.{at}.{self.name}", (self.shape.joined[at],), required=self.required)


@dataclass(frozen=True)
class FileFormat:
    """One file of a format."""

    name: str
    older_names: tuple[str, ...]
    kind: Kind
    core: bool  #: without it the upload is refused
    extensions: str  #: columns whose heading starts so are kept under `ext`; '' where there are none
    passed_over: tuple[str, ...]  #: folded headings that are never read, such as passwords
    known: frozenset[str]  #: folded headings that are read past unsaid
    further: tuple[str, ...]  #: what a repeated id may add: contact, school, enrollment
    adds: bool  #: its rows add columns to records of an earlier file
    derived: bool  #: its rows only name these records, again and again: there is one of each
    roles: bool  #: who these people are stands in the format's file of roles
    lists: frozenset[str]  #: columns whose cells are lists, parted by commas
    if_known: frozenset[str]  #: columns in which a word that is none of ours is dropped unsaid
    usual: Mapping[str, str]  #: column -> the value that says nothing
    leaving: frozenset[str]  #: folded words of the column `leaves` of records that are to go
    only: Mapping[str, frozenset[str]]  #: folded heading -> folded words: the rows that this reading takes
    passed: Mapping[str, frozenset[str]]  #: the same: rows that are known, and not rostered
    columns: Mapping[str, Column]

    def part(self, name: str) -> tuple[Column, ...]:
        """The columns of one of PARTS, in the order of the format."""
        return tuple(column for column in self.columns.values() if column.name.startswith(f"{name}."))

    @property
    def shaped(self) -> tuple[Column, ...]:
        """The columns whose cells are not read as they came."""
        return tuple(column for column in self.columns.values() if column.shape is not AS_IT_CAME)

    @property
    def elsewhere(self) -> frozenset[str]:
        """Columns that may stand in the file of roles."""
        return frozenset({"school_id", *(f"only.{heading}" for heading in self.only)} if self.roles else ())

    @property
    def by_heading(self) -> dict[str, tuple[Column, ...]]:
        """Folded heading -> the columns that are read from it."""
        out: dict[str, tuple[Column, ...]] = {}
        for column in self.columns.values():
            for heading in column.headings:
                out[fold(heading)] = (*out.get(fold(heading), ()), column)
        return out


@dataclass(frozen=True)
class Format:
    """A format: its files in the order in which they are judged, those referred to before those that refer."""

    name: str
    title: str
    files: tuple[FileFormat, ...]  #: several in a row of one name are readings of one file
    manifest: str = ""  #: the file that says which files are there and how they are meant
    not_rostered: tuple[str, ...] = ()  #: files that are counted and kept with the upload, no more
    roles: FileFormat | None = None  #: the file that says who people are, where it is one of its own
    checked: tuple[FileFormat, ...] = ()  #: files that are judged row by row, of which no records are made
    unread: Mapping[str, str] = field(default_factory=dict)  #: names of files that are passed over -> what to do then
    auto: bool = True  #: whether files may be taken for ones of this format without being told so

    @property
    def all_files(self) -> tuple[FileFormat, ...]:
        """Every file that is read, in its readings: those of the roster first."""
        return (*self.files, *([self.roles] if self.roles else []), *self.checked)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files that are read, each once."""
        return tuple(dict.fromkeys(file.name for file in self.all_files))

    @property
    def rostered(self) -> frozenset[str]:
        """The names of those of which the roster is made."""
        return frozenset(file.name for file in self.all_files if file not in self.checked)

    def readings(self, name: str) -> tuple[FileFormat, ...]:
        """Everything that the file of that name is read as."""
        return tuple(file for file in self.all_files if file.name == name)

    def file(self, name: str) -> FileFormat | None:
        """The file of this format that `name` is, in any case; None where it is none."""
        folded = name.casefold()
        named = ((file, (file.name, *file.older_names)) for file in self.all_files)
        return next((file for file, names in named if folded in map(str.casefold, names)), None)

    def of(self, kind: Kind) -> FileFormat | None:
        """The file whose rows are records of `kind`."""
        return next((file for file in self.files if file.kind is kind), None)


def fold(heading: str) -> str:
    """A heading without what does not count: case, outer spaces; a space is an underscore (clever.md 1.0)."""
    return "_".join(heading.strip().casefold().replace("_", " ").split())
