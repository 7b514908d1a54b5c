"""The doors by which files come in and rosters go out.

In: what districts and vendors send. Out: files in a district's folder, or answers read from the store.
"""
