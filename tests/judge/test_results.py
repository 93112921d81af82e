"""The rules for what a tool gave back: each rule with results as tools print them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal.judge.protocol import Exchange
from clawlocal.judge.results import HEAD, TAIL, ResultJudge
from clawlocal.records import SignalKind


def came_back(result: str, request: str = "please take care of it for me", action: str = "./run.sh") -> Exchange:
    return Exchange(request, action, SignalKind.TOOL, result)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("....F.\n1 failed, 5 passed in 0.31s", "the tests failed"),
        ("test result: FAILED. 11 passed; 2 failed; 0 ignored", "the tests failed"),
        ("Tests:       2 failed, 9 passed, 11 total", "the tests failed"),
        ("--- FAIL: TestDrain (0.02s)\nFAIL\texample.org/tank\t0.031s", "the tests failed"),
        ("Tests run: 14, Failures: 2, Errors: 0, Skipped: 0", "the tests failed"),
        ("19 examples, 3 failures", "the tests failed"),
        ("ok 1 - opens\nnot ok 2 - closes", "the tests failed"),
        ("3 Tests fehlgeschlagen, 4 bestanden", "the tests failed"),
        ("Traceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'x'", "it ended with an error"),
        ("src/lib.rs:3\nerror[E0425]: cannot find value `n` in this scope", "it ended with an error"),
        ("pump.c:4:2: error: expected ';' before '}' token", "it ended with an error"),
        ("zsh: command not found: gh", "it ended with an error"),
        ("ls: cannot access 'attic': No such file or directory", "it ended with an error"),
        ("FEHLER: Datei fehlt", "it ended with an error"),
        ("Erreur : droits insuffisants", "it ended with an error"),
        ("ERROR: permiso denegado", "it ended with an error"),
        ("错误：参数无效", "it ended with an error"),
        ('{"ok": false, "detail": "no such lamp"}', "it ended with an error"),
        ('{"error": {"type": "bad_input"}}', "it ended with an error"),
        ("HTTP/1.1 403 Forbidden", "the server answered 403"),
        ('{"status": 422, "message": "name is required"}', "the server answered 422"),
        ("HTTP/2 500\n\nInternal Server Error", "the server answered 500"),
        ("building\n[exit code 2]", "the command ended with exit code 2"),
        ("exited with code 137", "the command ended with exit code 137"),
        ("ssh: connect to host barn port 22: Connection timed out", "it ran out of time"),
        ("TimeoutError: page did not load", "it ran out of time"),
        ("Zeitüberschreitung beim Verbinden", "it ran out of time"),
        ("3 of 5 uploaded", "it was done only in part"),
        ("1,204 of 2,000 rows imported", "it was done only in part"),
        ('{"sent": 12, "failed": 4}', "some of it failed"),
    ],
)
def test_failures(result: str, reason: str) -> None:
    opinion = ResultJudge().judge(came_back(result))
    assert opinion is not None
    assert (opinion.value, opinion.reason) == (-1, reason)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("HTTP/1.1 503 Service Unavailable", "the service was busy or away"),
        ('{"code": 429, "message": "slow down"}', "the service was busy or away"),
        ("fatal: unable to access 'https://git.example/': The requested URL returned error: 503", "the service was"),
        ("Der Dienst ist vorübergehend nicht erreichbar.", "the service was busy or away"),
        ("HTTP/1.1 202 Accepted", "it is not done yet"),
        ('{"status": "queued", "place": 3}', "it is not done yet"),
        ("Su solicitud está en cola", "it is not done yet"),
        ("Need to get 12 MB.\nDo you want to continue? [Y/n]", "it waits for an answer"),
        ("[sudo] password for ina:", "it waits for an answer"),
        ("a\nb\n[output truncated, 912 lines]", "it was cut off"),
        ('{"rows": [1, 2], "has_more": true}', "it was cut off"),
        ("showing 20 of 311 rows", "it was cut off"),
        ("(0 rows)", "nothing was found"),
        ("[]", "nothing was found"),
        ("null", "nothing was found"),
        ("No matches.", "nothing was found"),
        ("Not found in search", "nothing was found"),
        ("Keine Treffer", "nothing was found"),
        ("Nenhum resultado", "nothing was found"),
        ("没有找到相关内容", "nothing was found"),
    ],
)
def test_results_that_say_nothing_of_the_call(result: str, reason: str) -> None:
    opinion = ResultJudge().judge(came_back(result))
    assert opinion is not None
    assert opinion.value == 0
    assert opinion.reason.startswith(reason)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("36 passed, 2 warnings in 1.80s", "the tests passed"),
        ("test result: ok. 9 passed; 0 failed; 0 ignored", "the tests passed"),
        ("ok  \texample.org/tank\t0.412s", "the tests passed"),
        ("19 examples, 0 failures", "the tests passed"),
        ("Ran 8 tests in 0.020s\n\nOK", "the tests passed"),
        ("wrote 14 pages\nexit code 0", "the command ended with exit code 0"),
        ("HTTP/1.1 201 Created\n\n{}", "the server answered 201"),
        ('{"status": "ok"}', "it says that it was done"),
        ('{"success": true, "errors": []}', "it says that it was done"),
        ("WARNING: pip is old\nSuccessfully installed attrs-24.1", "it says that it was done"),
        ("Datei erfolgreich hochgeladen", "it says that it was done"),
        ("El recibo se guardó correctamente", "it says that it was done"),
        ("文件已保存", "it says that it was done"),
        ("5 of 5 files uploaded", "all of it was done"),
        ('[{"name": "Rosa", "age": 61}]', "the data came back"),
    ],
)
def test_successes(result: str, reason: str) -> None:
    opinion = ResultJudge().judge(came_back(result))
    assert opinion is not None
    assert (opinion.value, opinion.reason) == (1, reason)


@pytest.mark.parametrize(
    ("request_", "action", "result", "value"),
    [
        ("write a failing test that reproduces the leak", "pytest -k leak", "1 failed in 0.10s", 1),
        ("write a failing test that reproduces the leak", "pytest -k leak", "1 passed in 0.10s", -1),
        ("write a failing test that reproduces the leak", "pytest -k leak", "ImportError: no module named tank", None),
        ("make sure nothing references oldpump", "grep -rn oldpump .", "(no output, exit 1)", 1),
        ("make sure nothing references oldpump", "grep -rn oldpump .", "./a.py:3:import oldpump", None),
        ("check that port 5432 is closed", "nc -zv db 5432", "nc: connect to db port 5432: Connection refused", 1),
        ("check that port 5432 is closed", "nc -zv db 5432", "Connection to db 5432 port [tcp/*] succeeded!", -1),
        ("verify that guests can't read /ledger", "curl -i /ledger", "HTTP/1.1 401 Unauthorized", 1),
        ("verify that guests can’t read /ledger", "curl -i /ledger", "HTTP/1.1 200 OK", -1),
        ("verify that guests can't read /ledger", "curl -i /ledger", "HTTP/1.1 503 Service Unavailable", None),
        ("der Test soll fehlschlagen", "pytest", "1 failed in 0.1s", None),
    ],
)
def test_a_failure_that_was_asked_for(request_: str, action: str, result: str, value: int | None) -> None:
    opinion = ResultJudge().judge(came_back(result, request_, action))
    assert (opinion.value if opinion else None) == value


@pytest.mark.parametrize(
    ("request_", "action", "result", "value"),
    [
        ("where do we parse dates", "grep -rn strptime .", "[exit code 1]", 0),
        ("open the shed", "shed open", "[exit code 1]", None),
        ("list the invoices of May", "ls invoices/05", "(no output)", 0),
        ("delete the scratch folder", "rm -r scratch", "(no output)", None),
        ("how many hens are there", "wc -l hens.txt", "14", 1),
        ("copy the ledger", "cp a b; echo $?", "0", 1),
        ("copy the ledger", "cp a b; echo $?", "1", -1),
        ("is the page up", "curl -w '%{http_code}' https://hens.example", "200", 1),
        ("is the page up", "curl -w '%{http_code}' https://hens.example", "404", -1),
        ("build it for me", "gcc -Wall a.c", "a.c:3:5: warning: unused variable 'n' [-Wunused-variable]", 1),
        ("what is in the error log", "tail app.log", "ERROR: pump stalled", None),
        ("is my job still pending", "squeue -u ina", '{"status": "pending"}', None),
        ("yes please", "rg old_name", "0 matches", None),
    ],
)
def test_what_was_done_and_asked_counts(request_: str, action: str, result: str, value: int | None) -> None:
    opinion = ResultJudge().judge(came_back(result, request_, action))
    assert (opinion.value if opinion else None) == value


@pytest.mark.parametrize(
    "result",
    [
        "HTTP/1.1 504 Gateway Timeout",
        "ssh: connect to host nas port 22: Connection refused",
        "saved, but the second page is missing",
        "Filesystem      Size  Used Avail Use%\n/dev/sda1        50G   31G   17G  65%",
        '{"state": "warming up"}',
        "the heron stands in the reeds",
        "",
    ],
)
def test_doubtful_results_are_left_to_the_next_judge(result: str) -> None:
    assert ResultJudge().judge(came_back(result)) is None


@pytest.mark.parametrize("kind", [kind for kind in SignalKind if kind is not SignalKind.TOOL])
def test_only_tools_are_judged(kind: SignalKind) -> None:
    assert ResultJudge().judge(Exchange("run it", "make", kind, "exit code 2")) is None


def test_an_opinion_is_sure_and_says_its_stage() -> None:
    opinion = ResultJudge().judge(came_back("exit code 2"))
    assert opinion is not None
    assert (opinion.votes, opinion.margin, opinion.abstained, opinion.stage) == ((-1,), 1.0, False, "result")


def test_of_a_long_result_the_ends_are_read() -> None:
    filler = "line\n" * (HEAD + TAIL)
    opinion = ResultJudge().judge(came_back(filler + "exit code 3"))
    assert opinion is not None
    assert opinion.reason == "the command ended with exit code 3"
    assert ResultJudge().judge(came_back(filler + "exit code 3\n" + filler)) is None


_PIECES = st.sampled_from("exit code|2|of|1,|failed|\n|HTTP/1.1|404|{|}|[]|error|:|…|²|٣|passed|status|'".split("|"))


@settings(deadline=None)
@given(
    st.text() | st.lists(_PIECES).map(" ".join),
    st.text(),
    st.text() | st.sampled_from(["curl -w '%{http_code}'", "x; echo $?"]),
)
def test_no_text_makes_it_raise(result: str, request_: str, action: str) -> None:
    opinion = ResultJudge().judge(came_back(result, request_, action))
    assert opinion is None or (opinion.value in (-1, 0, 1) and opinion.reason)
