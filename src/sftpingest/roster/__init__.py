"""The pure middle: frames in, frames and findings out.

In: the bytes of one upload, a format, and the roster held.
Out: what is wrong, what changes, whether to apply it, and the report.

Nothing here knows a clock, a disk, a network, a database or a log; only `format.load` reads a file, the TOML that says
how a district spells its roster, and `conform.rules` the one that says what OneRoster asks for.

    parse      bytes -> frames of text in our words, every row with its place in its file
    validate   frames -> a roster, findings, and the keys it turned away
    reconcile  the roster held and the roster that came -> changes
    judge      findings and changes -> applied, held or refused
    report     findings and counts -> what the district reads

The steps of each, in the order in which they are taken:

    parse      recognise, expected (manifest), opening (encoding, separators, table, lines), totals, headings, shaped
    validate   readings (rows, roles), lists, cells (damage, dates, spelling, why), schools, naming (references),
               repeats, accepted (records, contacts, enrolled, seats, derived, beside), held, turned_away, about;
               all on one desk
    reconcile  removals, enrollments, zeros
    report     summary, page, rejected

What they share: kinds, finding, frames, sheet, changes, secret. A format: format (load) out of written, columns,
tables, usable, ours; layout is what comes out. Beside the stages:

    conform    a OneRoster set by the letter of its specification
    write      a roster -> the files of a format; read_back is what such files say beside its words
    guess      files with any headings -> a first format of their own
    sharing    what of a roster an application may see, as data
    disclosed  what of it an application has read, and whether somebody was in it; ids under which it sees records
"""
