"""The pure middle: frames in, frames and findings out.

In: the bytes of one upload, a format, and the roster held.
Out: what is wrong, what changes, whether to apply it, and the report.

Nothing here knows a clock, a disk, a network, a database or a log; only `format.load` reads a file, the TOML that says
how a district spells its roster.

    parse      bytes -> frames of text in our words, every row with its place in its file
    validate   frames -> a roster, findings, and the keys it turned away
    reconcile  the roster held and the roster that came -> changes
    judge      findings and changes -> applied, held or refused
    report     findings and counts -> what the district reads
"""
