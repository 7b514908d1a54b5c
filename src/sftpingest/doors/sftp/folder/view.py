"""What a district sees: its files, our text, its reports.

In: a `Spot`. Out: facts, lists of names and files opened for reading, all from beneath the district's folder.
"""

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from asyncssh import SFTPAttrs, SFTPFailure, SFTPName, SFTPNoSuchFile

from sftpingest.doors.sftp.folder import beneath
from sftpingest.doors.sftp.folder.reading import OwnText, Reading, attributes
from sftpingest.doors.sftp.folder.spot import LATEST, README, Area, Spot, plain
from sftpingest.inbox import newest
from sftpingest.inbox.folders import HOME, REPORTS

_ALL_REPORTS = Spot((REPORTS,))


@dataclass(frozen=True)
class View:
    """The view of one district. `root` has home/ and reports/ in it. All functions read the disk and may block.

    All raise SFTPNoSuchFile or OSError (ENOENT, ENOTDIR, ELOOP) where nothing is that a district may see.
    """

    root: Path
    readme: OwnText

    def settle(self, place: Spot) -> Spot:
        """Put the newest report's own folder in the place of /reports/latest; other spots stay as they are."""
        if place.names[:2] != (REPORTS, LATEST):
            return place
        name = self._newest()
        if name is None:
            raise SFTPNoSuchFile("There is no report yet. It appears here once your first upload has been read.")
        return Spot((REPORTS, name, *place.names[2:]))

    def attributes(self, place: Spot) -> SFTPAttrs:
        """Facts of what stands at `place`."""
        if place.area is Area.README:
            return self.readme.attributes()
        names = _on_disk(self.settle(place))
        if len(names) == 1:
            with beneath.folder(self.root, *names) as folder:
                return attributes(os.fstat(folder), writable=place.area is Area.TOP)
        with beneath.folder(self.root, *names[:-1]) as parent:
            found = (beneath.regular if place.area is Area.UPLOAD else beneath.facts)(parent, names[-1])
        if found is None:
            raise SFTPNoSuchFile("No such file.")
        return attributes(found, writable=place.area is Area.UPLOAD)

    def names(self, place: Spot) -> list[SFTPName]:
        """Names and facts of all that stands in the folder at `place`, itself and its parent first."""
        above = Spot(place.names[:-1])
        dots = [SFTPName(b".", attrs=self.attributes(place)), SFTPName(b"..", attrs=self.attributes(above))]
        return dots + (self._top() if place.area is Area.TOP else self._reports(place))

    def open(self, place: Spot) -> Reading | OwnText:
        """Open the file at `place` for reading."""
        if place.area is Area.README:
            return replace(self.readme)  # one for each opening, so that they can be counted
        if place.area is Area.TOP or place == _ALL_REPORTS:
            raise SFTPFailure("This is a folder.")
        *folders, name = _on_disk(self.settle(place))
        with beneath.folder(self.root, *folders) as parent:
            return Reading(beneath.open_file(parent, name), writable=place.area is Area.UPLOAD)

    def _top(self) -> list[SFTPName]:
        own = [_named(README, self.readme.attributes()), _named(REPORTS, self.attributes(_ALL_REPORTS))]
        with beneath.folder(self.root, HOME) as home:
            files = [(name, found) for name, found in beneath.entries(home) if stat.S_ISREG(found.st_mode)]
        taken = {README, REPORTS}  # should an operator put such a file there, ours is the one that is shown
        return own + [
            _named(name, attributes(found, writable=True))
            for name, found in sorted(files)
            if plain(name) and name not in taken
        ]

    def _reports(self, place: Spot) -> list[SFTPName]:
        with beneath.folder(self.root, *_on_disk(self.settle(place))) as folder:
            found = {name: attributes(seen, writable=False) for name, seen in beneath.entries(folder) if _shown(name)}
        if place == _ALL_REPORTS:
            found.pop(LATEST, None)
            name = self._newest()
            if name is not None and name in found:
                found[LATEST] = found[name]
        return [_named(name, seen) for name, seen in sorted(found.items(), key=lambda pair: pair[0])]

    def _newest(self) -> str | None:
        with beneath.folder(self.root, REPORTS) as reports:
            folders = [name for name, found in beneath.entries(reports) if stat.S_ISDIR(found.st_mode)]
        return newest(folders)


def _on_disk(place: Spot) -> tuple[str, ...]:
    """Names below the district's folder. Names with a dot in front are ours: reports that are still being written."""
    if place.area is not Area.REPORTS:
        return (HOME, *place.names)
    if not all(map(_shown, place.names)):
        raise SFTPNoSuchFile("No such file.")
    return place.names


def _shown(name: str) -> bool:
    return plain(name) and not name.startswith(".")


def _named(name: str, found: SFTPAttrs) -> SFTPName:
    return SFTPName(name.encode(), attrs=found)
