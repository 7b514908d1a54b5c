"""THE FLOW: one upload through every stage; see flow.py.

In:  a sync that a worker has begun, the folders of its district, the store.
Out: the sync at its end, and its report in the district's folder.

    flow      one upload: parse, validate, reconcile, judge, store, report
    check     the same stages on a folder, without a store
    restore   back to an earlier roster
    reports   the report of a sync, from what the journal and the snapshot hold
    files     the uploaded files, read when they are asked for
    uploaded  those of a district's upload, with what its settings allow

Callers name the module: nothing is imported here, so that a check at home need not wait until the store is loaded.
"""
