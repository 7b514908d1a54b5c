"""What an access token may be asked for: the read scopes of OneRoster 1.2 and 1.1.

In:  nothing.
Out: their names.
"""

PREFIX_1_2 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
PREFIX_1_1 = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
#: Rosters without what is special about people; all of the roster; birth dates, race and so on.
CORE, ROSTER, DEMOGRAPHICS = "roster-core.readonly", "roster.readonly", "roster-demographics.readonly"
SCOPES = frozenset(prefix + name for prefix in (PREFIX_1_2, PREFIX_1_1) for name in (CORE, ROSTER, DEMOGRAPHICS))
