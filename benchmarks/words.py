"""The made-up words that generated districts consist of.

In:  nothing.
Out: tuples of cells, spelt as they stand in a CSV file (a cell with a comma carries its own quotes).
"""

from typing import Final

_GIVEN: Final = (
    "Adlin Berit Calla Dorian Elspet Farun Gilda Harlo Ilka Jorin Kestrel Liora Marlen Nadir Orsa Perrin Quilla Rosk"
    " Sanna Tarek Ulla Vasko Wenna Xanti Yorick Zelda Amaro Brisa Corvin Delphi Emrys Fenna Gorm Hesper Isolde Jarek"
    " Kalina Lucan Mirela Noemi"
)

FIRST: Final = tuple(_GIVEN.split())

_STEMS: Final = "Alder Birch Clay Dun Elm Fair Glen Hart Iron Kings Long Moss North Oak Pine Ridge Stone Thorn West Yew"
_ENDS: Final = "berg bourne brook by croft dale field ford gate ham hurst ley man mere more ridge stead ton wick worth"

_FAMILIES: Final = tuple(stem + end for stem in _STEMS.split() for end in _ENDS.split())

LAST: Final = (*_FAMILIES, "O'Tarn", "Núñal", "Zoëwick")

STREETS: Final = tuple(
    f"{stem}{kind}" for stem in _STEMS.split() for kind in (" Street", " Avenue", " Lane", "way Road")
)

CITIES: Final = ("Northmere", "Oakford", "Stonehurst", "Glenwick", "Hartley", "Pinegate", "Westbourne", "Elmstead")

STATES: Final = ("CA", "NY", "TX", "OH")

GRADES: Final = ("Kindergarten", *(str(number) for number in range(1, 13)))

GENDERS: Final = ("F", "M", "F", "M", "F", "M", "X", "female", "male")

RACES: Final = ("W", "A", "B", "I", "M", "P", "U", "White", "Asian", "Two or More Races")

LANGUAGES: Final = ("English", "English", "English", "Spanish", "Spanish", "Korean", "Tagalog", "Armenian", "Russian")

YES_NO: Final = ("N", "N", "N", "Y")

FRL: Final = ("Free", "Reduced", "Paid", "Paid")

TEACHER_TITLES: Final = ("Teacher", "Lead Teacher", "Science Teacher", "Reading Specialist", "Counselor")

DEPARTMENTS: Final = ("Office", "Library", "Technology", "Transport", "Student Services")

STAFF_TITLES: Final = ("Secretary", "Librarian", "Technician", '"Assistant, Front Office"', "Nurse")

SCHOOL_LEVELS: Final = ("Elementary School", "Middle School", "High School")

#: (first grade, number of grades) of each level, as positions in GRADES
LEVELS: Final = ((0, 6), (6, 3), (9, 4))

_COURSES: Final = (
    ("Reading", "English/Language Arts"),
    ("Writing Workshop", "English/Language Arts"),
    ("Mathematics", "Math"),
    ("Algebra, Applied", "Math"),
    ("Science", "Science"),
    ("Physical Science", "Science"),
    ("Social Studies", "Social Studies"),
    ("World History", "Social Studies"),
    ("Spanish", "Language"),
    ("Homeroom", "Homeroom/Advisory"),
    ("Robotics", "Technology and Engineering"),
    ("Fitness", "PE and Health"),
    ("Music", "Arts and Music"),
    ("Film Club", "Other"),
)


def _quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell else cell


#: course number times grade: the position is course * len(GRADES) + grade
COURSE_NAMES: Final = tuple(_quoted(f"{name} {grade}") for name, _ in _COURSES for grade in GRADES)
COURSE_NUMBERS: Final = tuple(f"{100 + n}-{grade:02d}" for n in range(len(_COURSES)) for grade in range(len(GRADES)))
SUBJECTS: Final = tuple(subject for _, subject in _COURSES)

TERMS: Final = (("Fall 2026", "8/17/2026", "12/18/2026"), ("Full Year", "8/17/2026", "6/11/2027"))

RELATIONSHIPS: Final = ("Parent", "Grandparent", "Aunt/Uncle")

#: the flags of demographics.csv, in the order of the format, by the words of Clever that they stand for
RACE_FLAGS: Final = {
    "americanIndianOrAlaskaNative": ("I",),
    "asian": ("A", "Asian"),
    "blackOrAfricanAmerican": ("B",),
    "nativeHawaiianOrOtherPacificIslander": ("P",),
    "white": ("W", "White"),
    "demographicRaceTwoOrMoreRaces": ("M", "Two or More Races"),
}
