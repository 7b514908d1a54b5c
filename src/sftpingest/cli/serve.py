"""`sftpingest up` and `sftpingest serve`: all of it in one process tree, or one part alone.

In:  the settings.
Out: a service that runs until SIGTERM or Ctrl-C, and leaves with 0.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sftpingest.settings import Settings

app = typer.Typer(
    help="One part alone, for several machines on one PostgreSQL store.",
    epilog=terminal.example("sftpingest serve worker"),
    no_args_is_help=True,
)

#: What a parent gives to a child, so that the child does not outlive it; nothing for people.
Lifeline = Annotated[int | None, typer.Option("--lifeline", hidden=True, help="Leave when this pipe ends.")]


def add_up(program: typer.Typer) -> None:
    """Add the command `up` to the program."""
    program.command(
        epilog=terminal.example(
            "sftpingest up", "SFTPINGEST_DATA=/var/lib/sftpingest SFTPINGEST_SFTP_PORT=22 sftpingest up"
        )
    )(up)


def up(lifeline: Lifeline = None) -> None:
    """Start everything: the SFTP door, a worker, and the web door unless SFTPINGEST_WEB is off.

    The SFTP door listens on SFTPINGEST_SFTP_HOST and SFTPINGEST_SFTP_PORT, by default on port 2222 of every address;
    the web door on SFTPINGEST_WEB_HOST and SFTPINGEST_WEB_PORT, by default on port 8080 of 127.0.0.1.
    The first start makes the data folder, the host key and the store.
    SIGTERM or Ctrl-C stops it: open uploads may finish for a moment, a running sync ends or is resumed at the next
    start.
    """
    from sftpingest.app import service

    _hold(lifeline)
    service.up(_settings(), terminal.CONFIG.get(), terminal.say)


@app.command(epilog=terminal.example("sftpingest serve sftp"))
def sftp(lifeline: Lifeline = None) -> None:
    """Serve the SFTP door alone, and queue what was uploaded.

    Workers run elsewhere, on the same store and data folder.
    """
    from sftpingest.app import service

    _hold(lifeline)
    service.serve_sftp(_settings(), terminal.CONFIG.get(), terminal.say)


@app.command(hidden=True, epilog=terminal.example("sftpingest serve door --sockets 5 --news 6"))
def door(
    sockets: Annotated[str, typer.Option(help="File descriptors that the parent listens on.")],
    news: Annotated[int, typer.Option(help="The pipe to the parent.")],
    lifeline: Lifeline = None,
) -> None:
    """Be one process of the SFTP door, for `up` and `serve sftp`; nothing for people."""
    from sftpingest.app.door import serve_door

    _hold(lifeline)
    serve_door(_settings(), [int(fd) for fd in sockets.split(",")], news)


@app.command(epilog=terminal.example("sftpingest serve worker"))
def worker(lifeline: Lifeline = None) -> None:
    """Work the queue alone.

    Several workers may share one PostgreSQL store; no sync is done twice.
    """
    from sftpingest.app.worker import serve_worker

    _hold(lifeline)
    serve_worker(_settings())


@app.command(epilog=terminal.example("sftpingest serve web", "SFTPINGEST_WEB_PORT=0 sftpingest serve web"))
def web(
    socket: Annotated[int | None, typer.Option(hidden=True, help="The socket that the parent listens on.")] = None,
    news: Annotated[int | None, typer.Option(hidden=True, help="The pipe to the parent.")] = None,
    lifeline: Lifeline = None,
) -> None:
    """Serve the web door alone, where vendors read what is shared with them.

    It listens on SFTPINGEST_WEB_HOST and SFTPINGEST_WEB_PORT, by default on 127.0.0.1, port 8080. Put a proxy that
    speaks HTTPS in front of it: docs/web.md.
    """
    from sftpingest.app.web import serve_web, serve_web_child

    _hold(lifeline)
    if socket is None or news is None:
        serve_web(_settings(), terminal.say)
    else:
        serve_web_child(_settings(), socket, news)


def _settings() -> "Settings":
    """The settings, with the log set up as they say."""
    from sftpingest import log, settings

    asked = settings.read(terminal.CONFIG.get())
    log.set_up(asked.log)
    return asked


def _hold(lifeline: int | None) -> None:
    if lifeline is not None:
        from sftpingest.app import family

        family.die_with_parent(lifeline)
