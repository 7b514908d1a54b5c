"""Read all of Clever's API 3.0 with a client that others made: lists in pages, records by id, what belongs to each.

Run by build/clever, which has the client: `python reads_3_0.py ADDRESS TOKEN`. It raises where an answer is wrong: the
client itself refuses values that Clever's schema does not know.
"""

import sys
from collections.abc import Iterator
from typing import Any

import clever_client  # type: ignore[import-not-found]  # it is in build/clever alone

_LISTS = ("schools", "terms", "courses", "sections", "users", "events")
_PAGE = 2


def pages(read: Any) -> Iterator[Any]:
    """All of a list, page by page as its links say."""
    after: dict[str, str] = {}
    while True:
        page = read(limit=_PAGE, **after)
        assert len(page.data) <= _PAGE, len(page.data)
        yield from page.data
        if "next" not in [link.rel for link in page.links]:
            return
        after = {"starting_after": page.data[-1].data.id}


def operations(api: Any, collection: str) -> list[str]:
    """What the client can ask of one record of a list."""
    names = (name for name in dir(api) if name.startswith("get_") and not name.endswith("_with_http_info"))
    return [name for name in names if name != f"get_{collection}"]


def read_list(client: Any, collection: str) -> None:
    """A list in pages and at once; of every record the same by its id, and all that belongs to it."""
    api = getattr(clever_client, f"{collection.capitalize()}Api")(client)
    read = getattr(api, f"get_{collection}")
    found = [one.data for one in pages(read)]
    assert found, collection
    assert [one.id for one in found] == [one.data.id for one in read(limit=10_000).data], collection
    asked = operations(api, collection)
    for one in found:
        answers = {name: getattr(api, name)(one.id) for name in asked}
        assert answers[f"get_{collection.removesuffix('s')}"].data.to_dict() == one.to_dict(), (collection, one.id)
    sys.stdout.write(f"{collection}: {len(found)} with {', '.join(asked)}\n")


def read_district(client: Any) -> None:
    """The one district of the token, which has no resources here."""
    assert clever_client.ResourcesApi(client).get_resources().data == []
    api = clever_client.DistrictsApi(client)
    (one,) = api.get_districts().data
    assert api.get_district(one.data.id).data.name == one.data.name == "Springfield Public Schools"


def read_events(client: Any) -> None:
    """Each event is of a type that the client knows: who came, who got another name, who went."""
    events = [one.data for one in pages(clever_client.EventsApi(client).get_events)]
    told = {type(one).__name__ for one in events}
    assert {"SchoolsCreated", "UsersCreated", "UsersUpdated", "UsersDeleted"} <= told <= set(dir(clever_client)), told
    (renamed,) = [one.data.object for one in events if isinstance(one, clever_client.UsersUpdated)]
    assert renamed.name.last == "Sagan", renamed
    (gone,) = [one.data.object for one in events if isinstance(one, clever_client.UsersDeleted)]
    assert gone.name.last == "Scribe", gone


def status_of(client: Any) -> int:
    """What the client says of an answer that is an error; 200 where it is none."""
    try:
        return int(clever_client.DistrictsApi(client).get_districts_with_http_info()[1])
    except clever_client.rest.ApiException as error:
        return int(error.status)


def client_of(address: str, token: str) -> Any:
    configuration = clever_client.Configuration()
    configuration.host, configuration.access_token = address, token
    return clever_client.ApiClient(configuration)


def main(address: str, token: str) -> None:
    client = client_of(address, token)
    read_district(client)
    for collection in _LISTS:
        read_list(client, collection)
    read_events(client)
    assert (status_of(client), status_of(client_of(address, "a-wrong-token"))) == (200, 401)


if __name__ == "__main__":
    main(*sys.argv[1:])
