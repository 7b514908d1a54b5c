"""What the commands of `share` print.

In:  versions of a sharing, previews.
Out: tables or JSON.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sftpingest.roster.kinds import Kind
    from sftpingest.store.preview import Preview
    from sftpingest.store.vendors import Version

HELD = 3

_SENTENCES = {
    "set": "Set. This is what the vendor may see.",
    "proposed": "Proposed. Nothing is seen by it until it is accepted: sftpingest share accept.",
    "held": "HELD. Nothing was changed yet. If this is right: sftpingest share release. If not: share discard.",
    "discarded": "Put aside. Nothing was changed.",
    "ended": "The vendor sees nothing of this district any more.",
}


def ended(
    version: "Version", seen: "Mapping[Kind, Preview] | None", as_json: bool, before: dict[str, Any] | None = None
) -> None:
    """Print what was said, and what it does; leave with 3 where it is held."""
    if as_json:
        terminal.as_json(described(version) | ({"preview": previewed(seen)} if seen else {}))
    else:
        if seen:
            show_preview(seen)
            terminal.say()
        for term in sorted(set(before or {}) - set(version.terms)):
            terminal.say(f"No more said than before: {term} (was {dict(facts_of(before or {}))[term]}).")
        terminal.say(" ".join(filter(None, (version.reason, _SENTENCES[version.said]))))
    if version.said == "held":
        raise typer.Exit(HELD)


def described(version: "Version") -> dict[str, Any]:
    """A version for JSON."""
    said = {"version": version.id, "said": version.said.value, "at": version.at, "by": version.by}
    return said | {"terms": version.terms, "reason": version.reason}


def facts_of(terms: dict[str, Any]) -> list[tuple[str, object]]:
    """Terms as names and values."""
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in terms.items()]


def short(terms: dict[str, Any]) -> str:
    """Terms in a few words."""
    counted = [f"{len(terms[name])} {name}" for name in ("schools", "sections", "rules") if name in terms]
    ticked = ["staff"] if terms.get("staff") else []
    return ", ".join([*([terms["mode"]] if terms else []), *counted, *ticked, *terms.get("fields", [])])


def previewed(seen: "Mapping[Kind, Preview]") -> dict[str, Any]:
    """A preview for JSON."""
    return {kind.value: asdict(each) for kind, each in seen.items()}


def show_preview(seen: "Mapping[Kind, Preview]") -> None:
    """Print counts, examples and fields."""
    rows = [(kind, each.before, each.after, each.appear, each.vanish) for kind, each in seen.items()]
    terminal.table(("kind", "seen now", "then", "appear", "vanish"), [row for row in rows if row[1] or row[2]])
    for what in ("appearing", "vanishing"):
        for kind, each in seen.items():
            if names := getattr(each, what):
                terminal.say(f"\n{what.capitalize()}, {kind}: {'; '.join(names)}")
    for kind, each in seen.items():
        if each.fields_appear or each.fields_vanish:
            changed = [*(f"+{one}" for one in each.fields_appear), *(f"-{one}" for one in each.fields_vanish)]
            terminal.say(f"\nFields, {kind}: {', '.join(changed)}")
