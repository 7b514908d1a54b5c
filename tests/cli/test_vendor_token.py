"""`sftpingest vendor token`."""

import json

from tests.cli.conftest import Program


def doctor(program: Program) -> str:
    """What it says of the tokens."""
    checks = json.loads(program("doctor", "--json").stdout)
    (verdict,) = [check["verdict"] for check in checks if check["name"] == "tokens"]
    return str(verdict)


def test_the_token_of_a_vendor_for_a_district_is_the_same_each_time(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("vendor", "add", "quiz-whiz")
    done = quick("vendor", "token", "quiz-whiz", "springfield")
    assert (done.returncode, len(done.stdout.strip())) == (0, 43)
    assert "share set quiz-whiz springfield" in done.stderr
    first = done.stdout.strip()
    assert quick.json("vendor", "token", "quiz-whiz", "springfield") == {"token": first}
    second = quick.json("vendor", "token", "quiz-whiz", "springfield", "--rotate")["token"]
    assert second != first
    assert quick.json("vendor", "token", "quiz-whiz", "springfield")["token"] == second
    trail = [entry for entry in quick.json("audit", "list") if entry["event"].startswith("token.")]
    assert [entry["event"] for entry in trail] == ["token.made", "token.shown", "token.rotated", "token.shown"]
    assert {(entry["district"], entry["facts"]["vendor"]) for entry in trail} == {("springfield", "quiz-whiz")}
    assert not any(token in json.dumps(trail) for token in (first, second))
    assert doctor(quick) == "ok"
    (quick.data / "hostkeys" / "token_key").unlink()
    assert doctor(quick) == "failed"
    assert "--rotate" in quick.refused("vendor", "token", "quiz-whiz", "springfield")
    quick.ok("vendor", "token", "quiz-whiz", "springfield", "--rotate")
    assert "vendor list" in quick.refused("vendor", "token", "nobody", "springfield")
    assert "district list" in quick.refused("vendor", "token", "quiz-whiz", "shelbyville")
