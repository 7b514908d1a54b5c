"""Headings compared: whatever their case, their signs and their abbreviations.

In: a heading such as stu_last or SchoolID.
Out: its words in ours, and how alike two headings are.
"""

import re
from difflib import SequenceMatcher
from functools import cache

from sftpingest.roster.guess.words import SAME, WORDS

#: Two words that are so much alike are one with a slip.
_SLIP, _SLIPPED = 0.85, 0.9
_SHORTEST = 5


@cache
def words_of(heading: str) -> frozenset[str]:
    """The words of a heading in ours: `stu_last` and `Student Last` are both student, last."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", heading)
    parted = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", parted)
    parted = re.sub(r"(?<=[A-Za-z])(\d+)", r" \1 ", parted).replace("#", " number ")
    said = [_ours(word) for word in re.split(r"[\W_]+", parted.casefold()) if word]
    return frozenset(word for words in said for word in words.split())


def says_something(heading: str) -> bool:
    """Whether any word of it is one that headings have."""
    return bool(words_of(heading) & (WORDS | set(SAME.values())))


def _ours(word: str) -> str:
    if word in SAME:
        return SAME[word]
    if word in WORDS:
        return word
    return " ".join(SAME.get(part, part) for part in _apart(word)) or word


@cache
def _apart(word: str) -> tuple[str, ...]:
    """Words that stand together, apart: studentid is student, id. Nothing where it is not wholly such words."""
    if not word:
        return ()
    for end in range(len(word), 1, -1):
        head = word[:end]
        if head in WORDS or (head in SAME and end > 2):  # noqa: PLR2004  (two letters are too few to part a word at)
            rest = _apart(word[end:])
            if rest or end == len(word):
                return (head, *rest)
    return ()


def likeness(heading: frozenset[str], meant: str, kind: str) -> float:
    """From 0 to 1: how far the heading says what is meant, in a file of that kind."""
    one = heading - {kind} or heading
    other = words_of(meant) - {kind} or words_of(meant)
    if not one or not other:
        return 0.0
    alike = sum(max((_word(a, b) for b in other), default=0.0) for a in one)
    return min(2 * alike / (len(one) + len(other)), 1.0)


def _word(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if min(len(one), len(other)) < _SHORTEST:
        return 0.0
    return _SLIPPED if SequenceMatcher(None, one, other).ratio() >= _SLIP else 0.0
