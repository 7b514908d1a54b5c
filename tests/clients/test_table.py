"""docs/clients.md keeps up with the clients that are tried."""

from tests.clients import table
from tests.clients.operations import Operation
from tests.clients.roll import CLIENTS

LINES = table.PAGE.read_text("utf-8").partition(table.BEGIN)[2].partition(table.END)[0].splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("|")]


def test_the_table_names_every_client_and_no_other() -> None:
    assert [row[0] for row in ROWS[2:]] == [client.title for client in CLIENTS]


def test_the_table_has_a_column_for_every_operation() -> None:
    assert ROWS[0] == ["client", "version", *Operation]


def test_the_table_says_what_each_client_lacks_and_does_in_its_own_way() -> None:
    told = "\n".join(LINES)
    for client in CLIENTS:
        for note in {*client.lacks.values(), *client.differs.values()}:
            assert note in told, client.title


def test_only_what_a_client_lacks_is_told_as_such() -> None:
    for client, row in zip(CLIENTS, ROWS[2:], strict=True):
        for operation, cell in zip(Operation, row[2:], strict=True):
            assert cell.startswith("–") is (operation in client.lacks), (client.title, operation)
            assert cell.partition(" ")[0] in {"–", "yes", "**no**", "not"}, (client.title, operation)


def test_a_run_of_a_part_writes_no_table() -> None:
    part = {"clients": {"curl": {"version": "1", "cells": {"password": "passed"}}}}
    assert table.write(part).startswith("The table was not written.")
    assert "OpenSSH sftp key" in table.lacking(part)
