"""The one place where everything is wired and started.

In:  the settings.
Out: a service of doors, watcher and worker, in one process tree in which no child outlives its parent.

    installation  the data folder and the store, made where they are missing
    gate          who may enter, by what the store says
    service       all of it wired: up, serve sftp, serve worker
    door          one process of the SFTP door
    news          what the door's processes tell the watcher
    family        child processes that die with their parent
    signals       a wish to stop
"""
