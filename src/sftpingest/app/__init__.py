"""The one place where everything is wired and started.

In:  the settings.
Out: a service of doors, watcher and worker, in one process tree in which no child outlives its parent.

    installation  the data folder and the store, made where they are missing
    service       all of it wired: up, serve sftp
    worker        what works the queue, as a process of its own
    ports         where the SFTP door listens
    door          one process of it
    news          what its processes tell the watcher
    gate, codes   who may enter, by what the store says; one-time codes
    watchlist     who is banned and who is inside, common to all processes through the store
    trail         the audit trail of one process
    disclosing    its disclosure log: what vendors read
    entering, spool  how both are kept at once, and entered into the store soon
    family        child processes that die with their parent
    signals       a wish to stop
"""
