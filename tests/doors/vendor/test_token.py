"""Access tokens of OAuth 2, tokens of districts, and Clever's list of them."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from sftpingest.app import tokens as sealed
from sftpingest.doors.vendor.scopes import CORE, PREFIX_1_1, PREFIX_1_2, SCOPES
from sftpingest.roster.ids import district_id
from sftpingest.store import accounts, tokens, vendors
from sftpingest.store.tables import now
from sftpingest.store.vendors import TOKEN, hashed
from tests.doors.vendor.conftest import Web, bearing, with_vendor

LIST = "/oauth/tokens?owner_type=district"
INFO = "/oauth/tokeninfo"


def test_a_client_id_and_its_secret_get_a_token_that_is_good_for_an_hour(web: Web) -> None:
    assert web("GET", "/readyz").status_code == 200
    client = with_vendor(web)
    answer = web.access(client, f"{PREFIX_1_2}{CORE} {PREFIX_1_1}{CORE}")
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == ("no-store", "application/json")
    got = answer.json()
    assert (got["token_type"], got["expires_in"]) == ("bearer", 3600)
    assert set(got["scope"].split()) == {f"{PREFIX_1_2}{CORE}", f"{PREFIX_1_1}{CORE}"}
    info = web("GET", INFO, headers=bearing(got["access_token"]))
    assert info.json() == {"client_id": client[0], "scopes": sorted(got["scope"].split())}
    reader = web.in_store(lambda c: tokens.reader_of(c, got["access_token"]))
    assert (reader.vendor, reader.district_id, len(reader.scopes)) == ("quiz-whiz", None, 2)
    assert got["access_token"] not in repr(reader)
    assert set(web.access(client).json()["scope"].split()) == SCOPES  # none asked for: all

    web.in_store(lambda c: c.execute(sa.update(TOKEN).values(expires_at=now() - timedelta(seconds=1))))
    assert web("GET", INFO, headers=bearing(got["access_token"])).status_code == 401
    web.access(client)
    assert web.in_store(lambda c: c.scalar(sa.select(sa.func.count()).select_from(TOKEN))) == 1


def test_a_new_secret_ends_access_tokens_and_a_vendor_that_is_removed_has_none(light: Web) -> None:
    client = with_vendor(light)
    access, lasting = light.access(client).json()["access_token"], light.token("quiz-whiz", "springfield")

    def good() -> list[bool]:
        return [light("GET", INFO, headers=bearing(one)).status_code == 200 for one in (access, lasting)]

    assert good() == [True, True]
    light.in_store(lambda c: vendors.rotate(c, "quiz-whiz"))
    assert good() == [False, True]
    assert light.access(client).status_code == 401
    light.in_store(lambda c: vendors.remove_vendor(c, "quiz-whiz"))
    assert good() == [False, False]
    assert light.in_store(lambda c: c.scalar(sa.select(sa.func.count()).select_from(TOKEN))) == 0


def test_the_list_has_the_token_of_each_district_that_shares_today(web: Web) -> None:
    client = with_vendor(web)
    with web.engine.begin() as c:
        for slug in ("shelbyville", "ogdenville", "capital-city"):
            accounts.add_district(c, slug, slug)
    web.share("quiz-whiz", "ogdenville", mode="everything", ends="2020-01-01")
    web.share("quiz-whiz", "capital-city", mode="everything")
    assert web("GET", LIST, auth=client).json() == {"data": [], "links": [{"rel": "self", "uri": LIST}]}
    made = {slug: web.token("quiz-whiz", slug) for slug in ("springfield", "shelbyville", "ogdenville", "capital-city")}

    def listed(more: str = "") -> dict[str, str]:
        return {one["owner"]["id"]: one["access_token"] for one in web("GET", LIST + more, auth=client).json()["data"]}

    assert listed() == {district_id(slug): made[slug] for slug in ("springfield", "capital-city")}
    assert listed(f"&district={district_id('capital-city')}") == {district_id("capital-city"): made["capital-city"]}
    assert listed("&district=4711") == {}
    first = web("GET", LIST, auth=client).json()["data"][0]
    assert first["owner"] == {"type": "district", "id": district_id("springfield")}
    assert set(first) == {"id", "created", "owner", "access_token", "scopes"}
    assert (len(first["id"]), first["created"][-1]) == (24, "Z")
    assert web("GET", INFO, headers=bearing(first["access_token"])).json()["client_id"] == client[0]

    web.share("quiz-whiz", "springfield")
    web.in_store(lambda c: accounts.remove_district(c, "capital-city"))
    assert listed() == {}
    assert web("GET", INFO, headers=bearing(made["capital-city"])).status_code == 401


def test_the_token_of_a_district_is_the_same_until_it_is_rotated(light: Web) -> None:
    with_vendor(light)
    first = light.token("quiz-whiz", "springfield")
    assert light.token("quiz-whiz", "springfield") == first
    second = light.token("quiz-whiz", "springfield", rotate=True)
    assert second != first == first.strip()
    assert [light("GET", INFO, headers=bearing(one)).status_code for one in (first, second)] == [401, 200]


def test_no_token_stands_in_the_store_and_without_the_key_they_are_not_shown(light: Web) -> None:
    client = with_vendor(light)
    access, lasting = light.access(client).json()["access_token"], light.token("quiz-whiz", "springfield")
    light.engine.dispose()  # all of it is in the file
    kept = b"".join(path.read_bytes() for path in light.keys.parent.glob("roster.db*"))
    assert hashed(lasting).encode() in kept
    assert access.encode() not in kept
    assert lasting.encode() not in kept
    assert (light.keys / sealed.KEY).stat().st_mode & 0o777 == 0o600
    (light.keys / sealed.KEY).unlink()
    with pytest.raises(sealed.NoKey, match="--rotate"):
        light.token("quiz-whiz", "springfield")
    with structlog.testing.capture_logs() as logs:
        assert light("GET", LIST, auth=client).json()["data"] == []
    assert [(one["count"], one["vendor"]) for one in logs if one["event"] == "token.sealed"] == [(1, "quiz-whiz")]
    assert light("GET", INFO, headers=bearing(lasting)).status_code == 200  # it is good all the same
    light.token("quiz-whiz", "springfield", rotate=True)
    assert len(light("GET", LIST, auth=client).json()["data"]) == 1


FORM = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (FORM | {"scope": f"{PREFIX_1_2}{CORE} all"}, 400, "invalid_scope"),
        (FORM | {"client_secret": "x"}, 400, "invalid_request"),
        (FORM | {"x": "y" * 20_000}, 413, "invalid_request"),
        (FORM | {f"x{i}": "y" for i in range(60)}, 400, "invalid_request"),
        (b"grant_type=client_credentials&grant_type=x", 400, "invalid_request"),
        (b"grant_type=%ff\xff", 400, "invalid_request"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_as_the_rfc_says(light: Web, form: Any, status: int, error: str) -> None:
    client = with_vendor(light)
    sent = {"content": form} if isinstance(form, bytes) else {"data": form}
    answer = light("POST", "/token", auth=client, **sent)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"


def test_client_id_and_secret_may_stand_in_the_form_and_programs_ask_at_other_paths_too(light: Web) -> None:
    client_id, secret = with_vendor(light)
    form = FORM | {"client_id": client_id, "client_secret": secret}
    for path in ("/token", "/oauth/token", "/ims/oneroster/token"):
        assert light("POST", path, data=form).status_code == 200
    assert light("POST", "/token", data=FORM | {"client_id": client_id}, auth=(client_id, secret)).status_code == 200
    coded = base64.b64encode(f"{client_id[0]}%{ord(client_id[1]):02x}{client_id[2:]}:{secret}".encode()).decode()
    head = {"Authorization": f"bAsIc {coded}"}
    assert light("POST", "/token", data=FORM, headers=head).status_code == 200


def test_an_unknown_client_and_a_wrong_secret_get_the_same_answer(light: Web) -> None:
    client_id, secret = with_vendor(light)
    answers = [light.access(wrong) for wrong in ((client_id, "wrong"), ("nobody", secret), ("nobody", "wrong"))]
    answers += [light("POST", "/token", data=FORM, headers={"Authorization": one}) for one in ("Basic ?", "Basic YQ==")]
    answers += [light("POST", "/token", data=FORM), light.access((client_id, ""))]
    assert {(one.status_code, one.headers["www-authenticate"][:5], one.text) for one in answers} == {
        (401, "Basic", answers[0].text)
    }
    assert answers[0].json()["error"] == "invalid_client"
    assert light("GET", LIST, auth=(client_id, "wrong")).status_code == 401
    assert light("GET", "/oauth/tokens", auth=(client_id, secret)).status_code == 400


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "x" * 300, "x"])
def test_what_is_no_token_reads_nothing(light: Web, header: str | None) -> None:
    answer = light("GET", INFO, headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "token" in answer.json()["message"]
