"""Is a set of files OneRoster, to the letter? What `sftpingest check --strict` asks.

In:  the uploaded files by name.
Out: Conformed: findings and counts. Pure, and beside the stages: it judges the specification, they judge the roster.

    rules       the tables of 1.1 and 1.2, as rules.toml has them
    package     names of files, and what lies where in the zip
    declared    the manifest
    syntax      lines that are no CSV
    header      headings and their order
    values      cells and their types
    page        one file by all of these
    references  what cells name
    together    people, roles, enrollments, organisations
    gradebook   results, line items, resources
    judging     all of it, in that order
"""

from sftpingest.roster.conform.judging import Conformed, conform

__all__ = ["Conformed", "conform"]
