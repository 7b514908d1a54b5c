"""sftpingest: takes school rosters in over SFTP, checks them, keeps them, and reports every rejected row.

    districts                                                            vendors (to come)
    SFTP ──┐                                                        ┌──> read the store
    ingest ┴─> inbox ──> parse ──> validate ──> reconcile ──> judge ──> store
               settled   bytes →   frames →     held × came   applied,  versions
               uploads   frames    roster       → changes     held or   in time
               ^                   + findings                 refused
               └───────── report: rejections.csv, summary.txt, report.html  <── findings + changes

    doors/      what comes in from the world                      app/         wires and starts all of it
    inbox/      a district's folders: settled uploads, reports    work/        which upload is worked on, and when
    roster/     the pure middle, stage by stage                   sync/        one upload through every stage
    store/      SQL, and nothing but SQL                          formats/     what the CSV files look like
    cli/        one module a noun                                 settings/    all that an operator may set

In:  CSV files of a district.
Out: its roster in the store, a report in its folder.
"""

from importlib.metadata import version

__version__ = version("sftpingest")
