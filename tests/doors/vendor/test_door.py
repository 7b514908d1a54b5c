"""The web door itself: health, errors, rate, and what the log says."""

import json
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from sftpingest.doors.vendor import Refused, part
from sftpingest.doors.vendor.bearer import granted, reader
from sftpingest.doors.vendor.grounds import address, as_json
from sftpingest.doors.vendor.rate import Rate, Seldom
from sftpingest.store.engine import open_store
from tests.doors.vendor.conftest import Web, bearing, with_vendor

SECRET = "Ada Lovelace"


async def _mine(request: Request) -> Response:
    found = await reader(request)
    return as_json({"vendor": found.vendor, "at": address(request, "/odd/people")})


async def _needs(request: Request) -> Response:
    granted(await reader(request), frozenset({"read"}))
    return as_json({})


async def _breaks(_: Request) -> Response:
    raise ValueError(SECRET)


async def _busy(_: Request) -> Response:
    raise sa.exc.OperationalError(SECRET, {}, Exception(SECRET))


async def _breaks_off(_: Request) -> Response:
    async def rows() -> AsyncIterator[bytes]:
        yield b"one"
        raise ValueError(SECRET)

    return StreamingResponse(rows())


def _oddly(refused: Refused) -> Response:
    return JSONResponse({"odd": refused.status, "why": refused.why}, refused.status)


ODD = [
    Route("/people/{id}", _mine),
    Route("/needs", _needs),
    Route("/breaks", _breaks),
    Route("/busy", _busy),
    Route("/breaks-off", _breaks_off),
]


@pytest.fixture
def odd(light: Web) -> Web:
    """A door with a part whose errors have a shape of their own."""
    light.parts = [Mount("/odd", app=part(ODD, _oddly))]
    return light


def test_it_lives_and_is_ready(light: Web) -> None:
    for path in ("/healthz", "/readyz"):
        answer = light("GET", path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_not_ready_while_the_store_is_older_or_does_not_answer(light: Web) -> None:
    light.in_store(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '0001'")))
    answer = light("GET", "/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"message": "The store is of another version than this program."},
    )
    gone = Web(open_store("postgresql://nobody@127.0.0.1:1/none"), light.keys)
    assert gone("GET", "/readyz").json() == {"message": "The store does not answer."}
    assert gone("GET", "/healthz").status_code == 200
    answer = gone("GET", "/oauth/tokeninfo", headers=bearing("x"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


def test_an_unknown_path_and_method_are_json(light: Web) -> None:
    assert (light("GET", "/nothing").status_code, set(light("GET", "/nothing").json())) == (404, {"message"})
    wrong = light("DELETE", "/healthz")
    assert (wrong.status_code, set(wrong.json())) == (405, {"message"})
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD"}  # in an order that changes
    assert light("GET", "/healthz/").status_code == 404


def test_each_part_has_errors_in_its_own_shape(odd: Web) -> None:
    with_vendor(odd)
    for path, status in (("/odd/nothing", 404), ("/odd/people/7", 401), ("/odd/breaks", 500), ("/odd/busy", 503)):
        answer = odd("GET", path)
        assert (answer.status_code, answer.json()["odd"]) == (status, status)
        assert SECRET not in answer.text
    answer = odd("GET", "/odd/needs", headers=bearing(odd.token("quiz-whiz", "springfield")))
    assert (answer.status_code, "scope" in answer.json()["why"]) == (403, True)
    assert odd("POST", "/odd/breaks").json()["odd"] == 405


def test_the_log_says_what_was_asked_without_ids_and_what_broke_without_its_message(odd: Web) -> None:
    with_vendor(odd)
    token = odd.token("quiz-whiz", "springfield")
    with structlog.testing.capture_logs() as logs:
        odd("GET", "/odd/people/4711?name=Ada", headers=bearing(token))
        odd("GET", "/odd/breaks")
        odd("GET", "/4711")
        odd("BREW", "/odd/breaks")
        odd("GET", "/healthz")
    done = [one for one in logs if one["event"] == "request.done"]
    assert [(one["method"], one["route"], one["status"], one["vendor"]) for one in done] == [
        ("GET", "/odd/people/{id}", 200, "quiz-whiz"),
        ("GET", "/odd/breaks", 500, None),
        ("GET", None, 404, None),
        ("other", "/odd/breaks", 405, None),
    ]
    (failed,) = [one for one in logs if one["event"] == "request.failed"]
    assert failed["fault"].startswith("ValueError at")
    assert "test_door.py" in failed["fault"]
    said = json.dumps(logs)
    assert not any(word in said for word in (SECRET, "4711", "Ada", token))


def test_an_answer_that_breaks_off_is_no_whole_one(odd: Web) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(AssertionError):  # httpx: it never ended
        odd("GET", "/odd/breaks-off")
    assert [one["fault"].split()[0] for one in logs if one["event"] == "request.failed"] == ["ValueError"]
    assert SECRET not in json.dumps(logs)


def test_a_token_has_so_many_requests_a_minute_and_hears_how_many_are_left(light: Web) -> None:
    with_vendor(light)
    now = [1_000_000_020.0]
    web = Web(light.engine, light.keys, per_minute=2, clock=lambda: now[0])
    head = bearing(web.token("quiz-whiz", "springfield"))
    answers = [web("GET", "/oauth/tokeninfo", headers=head) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["1", "0", "0"]
    told = {name: value for name, value in answers[2].headers.items() if name.startswith("x-ratelimit")}
    assert told == {
        "x-ratelimit-bucket": "bearer",
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1000000080",
    }
    other = web.token("quiz-whiz", "springfield", rotate=True)
    assert web("GET", "/oauth/tokeninfo", headers=bearing(other)).status_code == 200
    now[0] += 60
    assert web("GET", "/oauth/tokeninfo", headers=bearing(other)).headers["x-ratelimit-remaining"] == "1"


def test_the_counts_of_a_minute_go_with_it() -> None:
    now = [59.0]
    rate, seldom = Rate(1, lambda: now[0]), Seldom(lambda: now[0])
    assert [rate.count("a").over, rate.count("a").over, rate.count("b").over] == [False, True, False]
    assert [seldom.first("a"), seldom.first("a"), seldom.first("b")] == [True, False, True]
    now[0] = 60.0
    assert (rate.count("a").over, rate.count("c").reset, seldom.first("a")) == (False, 120, True)


def test_who_is_not_let_in_stands_in_the_log_once_a_minute_for_an_address(light: Web) -> None:
    with structlog.testing.capture_logs() as logs:
        for where in ("192.0.2.7", "192.0.2.7", "192.0.2.8"):
            light("GET", "/oauth/tokeninfo", where, headers=bearing("guessed-token"))
            light("POST", "/token", where, auth=("guessed-id", "guessed-secret"))
    told = [(one["address"], one["where"]) for one in logs if one["event"] == "vendor.refused"]
    assert told == [("192.0.2.7", "bearer"), ("192.0.2.8", "bearer")]
    assert "guessed" not in json.dumps(logs)


def test_links_are_absolute_by_the_setting_or_by_how_the_client_called(odd: Web) -> None:
    with_vendor(odd)
    head = bearing(odd.token("quiz-whiz", "springfield"))
    assert odd("GET", "/odd/people/1", headers=head).json()["at"] == "http://roster.example.org/odd/people"
    odd.url = "https://public.example.org/roster"
    assert odd("GET", "/odd/people/1", headers=head).json()["at"] == "https://public.example.org/roster/odd/people"
