"""What a tool gave back, judged by rule: exit codes, test summaries, errors, HTTP statuses, empty results.

One ordered table: the first rule that fits decides, and a rule without a value means doubt. Knows no model, and runs
nothing. It does not know whether the data that came back is the right data, nor what was said before the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.records import SignalKind

HEAD, TAIL = 1000, 3000
"""Characters of a long result that are read: a status stands at its start, how a command ended at its end."""

SURE = 0.96
"""How often a rule was right on results that nobody had made rules for: 133 of 139."""


@dataclass(frozen=True)
class Rule:
    """Fits when each of its three patterns is found in its text."""

    value: int | None
    """+1, 0 or -1; None where such a result may mean either."""
    reason: str
    """In words, for the person. `{code}` stands for the group of that name."""
    result: re.Pattern[str]
    request: re.Pattern[str]
    action: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool]

    def fits(self, request: str, action: str, result: str) -> re.Match[str] | None:
        if not (self.request.search(request) and self.action.search(action)):
            return None
        return next((found for found in self.result.finditer(result) if self.holds(found)), None)


def _any(*patterns: str) -> str:
    return "(?:" + "|".join(patterns) + ")"


def _rule(
    value: int | None,
    reason: str,
    *result: str,
    request: str = "",
    action: str = "",
    holds: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Rule:
    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE | re.MULTILINE)

    return Rule(value, reason, compiled(_any(*result)), compiled(request), compiled(action), holds)


def _short(found: re.Match[str]) -> bool:
    """Whether the count falls short of its total: "3 of 5", not "5 of 5"."""
    some, total = (int(re.sub(r"\D", "", found[name])) for name in ("some", "total"))
    return some < total


# What a request may want: a test that fails, nothing found, a refusal.
_CHECK = r"\b(?:make sure|check|verify|confirm|ensure|prove|certain|sure|see|show|test|try|does|is|are|did)\b"
_RED = _any(
    r"\b(?:should|must|supposed to|meant to|ought to|see it|watch it) (?:\w+ ){0,2}(?:fail|red|crash)",
    r"\b(?:failing|red) test\b.{0,40}\b(?:that|which|first|for|reproduc)|\b(?:go|goes|turn|turns) red\b|\bTDD\b",
    r"\btests? .{0,20}\b(?:reproduc|shows?\b|showing|demonstrat|prov|catch)|\breproduc\w* (?:the|this|that|a|my|our) ",
    r"\bdo(?:n'?t| not) fix\b|\b(?:show|prove|demonstrate) that .{0,40}\b(?:exists|happens|crashes|breaks)\b",
)
_GONE = _any(
    _CHECK + r".{0,60}\b(?:no|nothing|nobody|none|nowhere|no ?one|zero|gone|removed|get rid of)\b",
    _CHECK + r".{0,60}(?:n't|\bnot)\b.{0,40}\b(?:any|anywhere|anyone|in|turn up|appear|left)\b",
    r"\b(?:should|must|ought to) (?:\w+ )?(?:be|find|have|return|give) (?:no|nothing|nobody|none|zero|empty|free)\b",
    r"\bshould(?:n't| not) be\b|\b(?:hopefully|ideally|hoping for) (?:no|nothing|zero)",
)
_REFUSED = _any(
    _CHECK + r".{0,80}\b(?:reject|refus|block|den(?:y|ies)|close[sd]?\b|drops?\b|bann|forbid|protect|catch|says? no\b)",
    _CHECK + r".{0,80}(?:\bcan'?t\b|\bcannot\b|\bno longer\b|\bwithout (?:an? )?(?:log|token|password|key))",
    r"\b(?:must|should)(?:n't| not) (?:\w+ )?(?:work|able|let|accept|allow|reach|open|pass|get)",
    r"\bshould (?:be )?(?:reject|refus|block|fail|den)",
)
_UNWELCOME = _any(
    r"\bshould fail|\bexpect\w* .{0,30}(?:fail|error)|\bno longer\b|\bnothing\b|\bnobody\b|\bnone\b",
    r"\b(?:must|should|may)(?:n't| not)\b|\bnergens|\bdeve fallire|\bnon dev|\bfehlschl|\bdarf nicht",
    r"\bsoll\w* (?:nicht|kein)|\bkeine? .{0,40}\b(?:mehr|übrig)|\bdoit (?:échouer|refuser|être)|\bne doi|\bplus aucun",
    r"\bqu'aucun|\bqu'il n'y|\bfallar\b|\bno deb|\bya no\b|\bno quede|\bdeve falh|\bnão (?:deve|há)|不应|不能|应该失败",
    r"应该报错|没有",
)
"""The same more broadly, and in other languages: such requests are left to the next judge."""
_SEARCH = r"\b(?:grep|rg|find|locate|select|search|query|list|log|ls|lookup|filter|get|where)\b"
_PROBE = r"\b(?:curl|wget|nc|ssh|telnet|GET|POST|PUT|DELETE|PATCH)\b"
_AGREES = r"\A\W{0,20}(?:(?:yes|yep|yeah|ok(?:ay)?|sure|please|pls|do|it|that|go|ahead|start|try|run)\b\W*)+\Z"
_WANTS_TROUBLE = _any(
    r"\blogs?\b(?! (?:me )?(?:in|on|out|into)\b)|\bjournal|\berrors?\b|\bexceptions?\b|\btraceback|\bwhy\b|\bdead\b",
    r"\bbroken\b|\bfail(?:s|ed|ures?)\b|\bproblems?\b|\bcrash(?:es|ed)\b|\bwarnings\b",
)

# What a result may say, where more than one rule asks.
_STATUS = r"""(?:\bHTTP(?:/[\d.]+)?:? |\b(?:status|code)(?:_?code)?"?[:=] ?"?|\((?:HTTP )?|error: )"""
_FAILED = _any(
    r"(?-i:\bFAILED\b|^[ \t]*FAIL\b|^--- FAIL|\bBUILD FAILURE\b)|^\W{0,20}[✕✗✘] |^not ok \d|\[FAIL(?:ED)?\]",
    r"\b[1-9]\d* (?:(?:tests?|examples?|specs?) )?(?:failed|failing|failures?)\b|\b(?:failures?|failed|errors): ?[1-9]",
    r"\((?:failures|errors)=[1-9]|\b[1-9]\d* errors? in [\d.]+ ?s",
    r"\b[1-9]\d* (?:tests? )?(?:fehlgeschlagen|échecs?|fallidas?|fallaron|falharam|falhas?|fallit[io])\b",
    r"[1-9]\d{0,5} ?(?:个|项)?(?:测试|用例)?失败",
)
_PASSED = _any(
    r"\b[1-9]\d* (?:tests? )?(?:passed|passing)\b|\btest result: ok|^ok\s+\S+\s+(?:[\d.]+s|\(cached\))",
    r"(?-i:^PASS\b|\bBUILD SUCCESS)|\b[1-9]\d* examples?,(?!\s*\d)|^Ran [1-9]\d* tests?.*\s+OK\b|^OK \([1-9]\d* tests",
    r"\ball (?:checks|tests) passed|\b[1-9]\d* (?:tests? )?(?:bestanden|réussis?|superadas?|pasaron|passaram)\b",
    r"[1-9]\d{0,5} ?(?:个|项)?(?:测试|用例)?通过",
)
_EMPTY = _any(
    r"\A\W{0,20}(?:HTTP\S+ )?(?:200 OK)?\s*(?:\[\s*\]|\{\s*\}|null|none|nil)\s*\Z",
    r"\A\s*\{\s*\"\w+\"\s*:\s*\[\s*\]\s*\}\s*\Z",
    r'"(?:total|count|hits|matches|resultSizeEstimate)"\s*:\s*0\b|\bzero_results\b',
    r"\b0 (?:rows|filas|lignes|linhas|Zeilen)\b",
    r"^\W{0,20}(?:no|0) (?:\w+ ){0,2}(?:results?|match\w*|hits|messages|records|entries|files|items|data|events)\b",
    r"\A\W{0,20}no (?!errors?|problems?|issues?|warnings?|changes?|output)\w+(?: found)?\W{0,20}\Z",
    r"^\W{0,20}nothing (?:found|matche\w+)|\bno tests ran\b|\b0 selected\b|^\W{0,20}not found in \w+",
    r"^\W{0,20}keine (?:\w+ )?(?:ergebnisse|treffer|einträge|daten)|^\W{0,20}0 \w+ gefunden",
    r"^\W{0,20}aucune? (?:\w+ )?(?:résultat|élément|donnée)|^\W{0,20}no se (?:han )?encontr|^\W{0,20}sin resultados",
    r"^\W{0,20}nenhum\w? (?:\w+ )?(?:resultado|registro|encontrad)",
    r"^\W{0,20}(?:没有(?:找到|结果)|未找到(?:结果|匹配)|无(?:结果|数据))",
)
_BLANK = r"[\s$()<>\[\]{}.,:;'\"-]{0,20}"
_NO_OUTPUT = _any(
    rf"\A{_BLANK}(?:stdout{_BLANK})?(?:empty(?:{_BLANK}stderr{_BLANK}empty)?)?{_BLANK}\Z",
    rf"\A{_BLANK}(?:command finished )?(?:no|with(?:out| no)) output{_BLANK}\Z",
)
_EXIT = r"\b(?:exit(?:ed)?(?: with)?(?: (?:code|status))?|rc|returned(?: exit status)?)[ :=]+"
_EXIT_1 = rf"\A\W{{0,20}}(?:no output\W+)?{_EXIT}1\b(?:\W+no output)?\W{{0,20}}\Z"
_SHOWN = r"\b(?:showing|shown|displayed|limited to|first)\b[^.\n]{0,15}\b\d[\d.,]{0,12} (?:of|from) \d|\bpage_?token\b"
_CUT = _any(
    r'\btruncated\b|"is_?truncated"\s*:\s*true|"has_more"\s*:\s*true|"?next_(?:cursor|page|token)"?\s*[=:]\s*"?\w',
    r"\b(?:output|text|response|result)s? (?:was |is )?(?:cut|limited|shortened|capped)\b|^--More--|\bwas shortened\b",
    r"\b(?:lines?|rows) (?:omitted|hidden|not read)\b|\bNextContinuationToken\b|rel=\"next\"",
    r"\bfirst [\d,.]+ (?:of|lines)\b",
    _SHOWN,
    r"\bzeige 1\D[\d.]+ von|\bausgabe (?:gekürzt|abgeschnitten)|\btronquée?\b|\b(?:truncad|recortad)[oa]\b|截断|已省略",
)
_COUNT = (
    r"\b(?P<some>\d[\d.,]{0,12}) ?(?:of|out of|/|von|sur|de) ?(?P<total>\d[\d.,]{0,12})\b(?=[^.\n]{0,25}\b(?:uploaded"
    r"|copied|converted|written|imported|sent|moved|saved|downloaded|created|updated|deleted|passed|succeeded|ready"
    r"|keys|playlists|rows|files)\b)"
)
_TROUBLE = _any(
    r"error|fail|fehl|erreur|错误|失败|exception|\bcannot\b|\bcan't\b|could ?n[o']t|\bunable\b|denied|refused",
    r"\binvalid|missing|not found|conflict|pending|queue|\bwait|awaiting|truncat|omitted|skipped|reject|partial|retry",
    r"unreachable|\bbut\b|\bexcept\b|\bnot\b|\bnicht\b|\babbruch\b|\bnull\b|\[\s*\]|offline|until|^\W{0,3}(?:\.\.\.|…)",
    r"(?:\.\.\.|…)\W{0,20}\Z",
)
_NO_TROUBLE = re.compile(
    r"\b(?:0|no|zero) (?:failed|failing|failures?|errors?|failure\(s\)|ignored|skipped)\b"
    r'|"?\b(?:failed|failures?|errors?|unreachable|skipped|warnings)"?\s*[=:] ?(?:0\b|\[\s*\]|\{\s*\}|null\b|false\b)',
    re.IGNORECASE,
)
"""Counts of trouble that are nought: taken out of a result before it is read."""

RULES = (
    # A failure that was asked for.
    _rule(None, "", r"cannot find|no module|importerror|syntaxerror|fixture|\b0 items|not found\b", request=_RED),
    _rule(1, "the test fails, as it should", _FAILED, request=_RED),
    _rule(-1, "the test passes, though it should fail", _PASSED, request=_RED),
    _rule(1, "nothing was found, as it should be", _EMPTY, _NO_OUTPUT, _EXIT_1, r"\A\s*0\s*\Z", request=_GONE),
    _rule(
        1,
        "it was refused, as it should be",
        rf"(?:^|{_STATUS})(?:40[0134]|422)\b|\bunauthorized\b|\bforbidden\b|\bpermission denied|\bconnection refused\b",
        r"(?-i:^[ \t]*(?:\w+\.){0,5}(?:Validation|Value|Permission)Error\b)|\btcp\b.*\btimed out\b",
        request=_REFUSED,
    ),
    _rule(
        -1,
        "it was let through",
        r"\bHTTP\S* 20[0-4]|\A20[0-4]\b|\bport\b.*\bsucceeded\b",
        request=_REFUSED,
        action=_PROBE,
    ),
    _rule(None, "", request=_any(_RED, _GONE, _REFUSED, _UNWELCOME)),
    # Not the call's fault: it may work later.
    _rule(
        0,
        "the service was busy or away",
        _STATUS + r"(?:503|429)\b|^(?:503|429)(?:\s*$|:? (?:too|service|scheduled|slow))|\bfailed with (?:503|429)\b",
        r"\btoo ?many ?requests|\brate.?limit|\bover_query_limit|\bquota (?:exceeded|resets)|\boverloaded\b|^4[25]1 ",
        r"\b(?:temporarily|currently) (?:unavailable|overloaded|down)|\bservice unavailable|\bserver is busy",
        r"\bbacking off|\b(?:try|retry|check) (?:again )?(?:later|shortly|in (?:a few|\d+))",
        r"\bwill (?:be )?retr(?:y|ied)\b|\bretrying in\b|\boffline\b.{0,40}\b(?:will|stored|kept)\b",
        r"\b(?:sent|delivered) (?:when|once) .{0,30}\b(?:online|connects)\b|\bvorübergehend nicht",
        r"\bspäter (?:erneut|noch ?mal)|\btemporairement indisponible|\bréessay\w+ (?:plus|dans)|\btemporalmente no",
        r"\bmás tarde\b|\btemporariamente indisponível|\btente novamente|稍后(?:再|重)试|暂时不可用|服务不可用",
    ),
    _rule(None, "", r"\b50[24]\b|\bconnection refused|\bno route to host|\boffline\b|\bconnection reset"),
    # Failures.
    _rule(
        -1,
        "it ran out of time",
        r"\btimed out\b|\btimeout(?:error)?: |\btimeout (?:of )?\d+ ?m?s exceeded|\bexceeded timeout",
        r"\bdeadline exceeded|\b(?:statement|lock) timeout|\bexceeded (?:\w+ )?\d+ ?m?(?:s\b|sec|min|h\b)",
        r"\bexceeded walltime|\b(?:did not|didn't) complete within",
        r"\b(?:execution|time) limit\b.*\b(?:reached|exceeded)|\bdid not finish within|zeitüberschreitung",
        r"превышено время|\bdélai\b.{0,20}\bdépassé|\btiempo de espera\b",
        r"\btempo (?:limite|de espera)\b.{0,12}(?:esgotado|excedido)|超时",
    ),
    _rule(1, "the number came back", r"\A\s*[1-9][\d.,]*\s*\Z", request=r"\bhow (?:many|much)\b|\bcount\b|\bcalc"),
    _rule(0, "it was cut off", _CUT, request=_WANTS_TROUBLE),
    _rule(None, "", request=_WANTS_TROUBLE),
    _rule(None, "", r"^waiting (?:for|on)\b"),
    _rule(0, "it was cut off", _SHOWN),
    _rule(-1, "it was done only in part", _COUNT, holds=_short),
    _rule(
        -1,
        "some of it failed",
        r"\b[1-9]\d*\b[^.\n]{0,25}\b(?:could not be|were not|was not|with errors)\b|\bnot delivered: [1-9]",
        r"\b207 multi-status|\"failed\"\s*:\s*(?:[1-9]|\[\s*[^\]\s])|\bfailed[:=]? ?[1-9]|\bunreachable=[1-9]",
        r"\b[1-9]\d* \w+ (?:failed|rejected)\b",
        r"\b[1-9]\d* (?:\w+ )?(?:nicht zugestellt|rejetée?s|rechazad[oa]s|rejeitad[oa]s)\b",
    ),
    _rule(-1, "the tests failed", _FAILED),
    _rule(
        -1,
        "the server answered {code}",
        rf"(?:{_STATUS}|^)(?P<code>40[0-9]|41[0-9]|422|500)\b"
        r"(?= ?(?:$|[\"),:}]|bad|unauth|forbid|not|method|conflict|gone|unproc|internal|page|token))",
    ),
    _rule(
        -1,
        "it ended with an error",
        r"(?-i:^Traceback \(most recent|^[ \t]*(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|NotFound)(?::|\(|$)|^E  +\w)",
        r"^npm (?:error|ERR!)|^error response from|\b[1-9]\d* errors?(?=[.,):]|$)|\bCrashLoopBackOff\b",
        r"(?:^|: )cannot \w+|(?:^|: |\bis )invalid\b|: not found$|\bpanicked at\b|\bsegmentation fault|\bcore dumped\b",
        r"\bException in thread\b|\bout of memory\b",
        r"^\W{0,9}(?:[^\s|]+ ){0,3}?(?:\S+:)?(?:fatal )?error(?:\[\w+\]| \w{0,3}\d+)?:",
        r"^\W{0,20}(?:fatal|fehler|erreur|erro|ошибка|错误) ?[:：]|\bcompilation terminated|\bcompile error",
        r"\bsyntax error|\bundefined reference\b|\bfailed because\b|\bcommand not found\b",
        r"\bno such (?:file|device|column|table)|\bpermission denied\b|\boperation not permitted|\bno space left\b",
        r"\bread-only file system|^CONFLICT \(|! \[rejected\]|\bis not a directory\b|^5\d\d[ -]5\.\d\.\d",
        r"\bunrecognized (?:arguments?|option)|\bunknown (?:option|command|predicate|function|field|parameter)",
        r"\bunexpected (?:keyword|argument|token)|\b(?:relation|column|table) \S+ does not exist(?!, skipping)",
        r"\bviolates \w+ constraint|\bcould not (?:resolve|open|find|read|write|connect)|\bunable to (?:open|access)",
        r"\bname or service not known|\bis not recognized as\b|\binput/output error",
        r'"(?:ok|success)"\s*:\s*false',
        r'"(?:status|state|result)"\s*:\s*"(?:error|failed|failure|invalid\w*|denied|rejected)"',
        r'"errors?"\s*:\s*(?!null|""|\[\s*\]|\{\s*\}|false|0)\S|\bkein Speicherplatz|\bpermission non accordée',
        r"\bpermiso denegado|\bpermissão negada|权限不足|权限被拒绝",
    ),
    _rule(-1, "the server answered {code}", r"\A\s*(?P<code>4\d\d|500)\s*\Z", action="http_code"),
    _rule(0, "nothing was found", _EXIT_1, action=r"\b(?:grep|rg|find|pgrep)\b"),
    _rule(None, "", _EXIT_1),
    _rule(-1, "the command ended with exit code {code}", _EXIT + r"(?P<code>[1-9]\d*)\b"),
    _rule(-1, "the command ended with exit code {code}", r"^(?P<code>[1-9]\d*)\s*\Z", action=r"echo [\"']?\$\?"),
    # Neither: not done yet, asked back, cut off, nothing there.
    _rule(
        0,
        "it waits for an answer",
        r"[\[(](?:y(?:es)?|j|o|s)/n(?:o(?:/\[fingerprint\])?)?[\])]\W{0,20}\Z|密码[:：]\s*\Z",
        r"\bpress (?:enter|any key)\b.{0,30}\Z",
        r"\b(?:password|passphrase|passwort|kennwort|mot de passe|contraseña|senha)\b[^:\n]{0,40}:\s*\Z",
    ),
    _rule(0, "it was cut off", _CUT),
    _rule(None, "", request=r"\b(?:status|state|queue\w*|pending|running|progress|waiting)\b"),
    _rule(
        0,
        "it is not done yet",
        r'"(?:status|state|statut|estado)"\s*:\s*"(?:\w+_)?(?:(?:en)?queued?|pending|processing'
        r"|in_?progress|awaiting\w*|waiting)\b",
        r'"(?:status|state)"\s*:\s*"running".*"(?:progress|percent|done|total|eta\w*)"|\bHTTP\S* 202\b|^202\b',
        r"\b(?:is |now |job \S+ |^)(?:en)?queued\b|^queued \d|^in_progress\b|^pending\b|\bpending[:,]|\"PENDING\w*\"",
        r"\bstatus: pending|\bwaiting (?:for|on)\b|\bawaiting\b|\bsubmitted batch job|\bstill running\b|\bheld:",
        r"\bjob will be\b|\bin (?:der|die) warteschlange|\bwird (?:noch )?bearbeitet|\ben file d'attente",
        r"\ben attente\b|\ben cours de traitement|\ben cola\b|\ben proceso\b|\bna fila\b|\bem processamento|排队|队列",
        r"处理中|等待中",
    ),
    _rule(None, "", request=_AGREES),
    _rule(0, "nothing was found", _EMPTY),
    _rule(0, "nothing was found", _NO_OUTPUT, action=_SEARCH),
    # Success.
    _rule(1, "the server answered {code}", r"^(?:HTTP\S* )?(?P<code>201|204)\b(?= ?$| created| no content)"),
    _rule(None, "", _TROUBLE),
    _rule(1, "the server answered {code}", r"\A\s*(?P<code>2\d\d)\s*\Z", action="http_code"),
    _rule(1, "all of it was done", _COUNT),
    _rule(1, "the tests passed", _PASSED),
    _rule(1, "the command ended with exit code 0", _EXIT + r"0\b"),
    _rule(1, "the command ended with exit code 0", r"^0\s*\Z", action=r"echo [\"']?\$\?"),
    _rule(
        1,
        "it says that it was done",
        r'"(?:status|state|result|statut|estado)"\s*:\s*"(?:ok|success\w*|done|sent|created|confirmed|completed?|delivered'
        r'|updated|deleted|booked|saved|paid|playing|online)"|\bHTTP\S* 20[014]\b|^20[01] (?:OK|Created)\b|^204\b',
        r'"(?:ok|success|submitted|uploaded|sent|created|deleted|saved|updated|booked)"\s*:\s*true\b|\bsucceeded\b',
        r"\bsuccessful(?:ly)?\b|\bapply complete|^(?:INSERT 0|UPDATE|DELETE) [1-9]",
        r"\([1-9]\d* (?:rows?|filas?|Zeilen?)\)|\b[1-9]\d* rows? affected|^[ \t]*\* \[new |^\[\S+ [0-9a-f]{7,}\] ",
        r", 0% packet loss|\bbuilt in [\d.]+ ?m?s\b",
        r"\b(?:event|order|reminder|file|message|e?mail|image|container)s? \S{0,30} ?(?:created|placed|sent|saved"
        r"|uploaded|delivered|accepted|booked|started|deleted)\b",
        r"^\W{0,20}(?:delivered|completed|done|executed|sent|saved|created|booked)\b",
        r"\b(?:saved|written|exported) to \S+|^\S+ (?:created|configured|scaled|deleted|restarted)$|\bserver started\b",
        r"\balready satisfied\b|\ball done\b|\berfolgreich\b|\bgespeichert\b|\b(?:wurde|ist) erstellt\b",
        r"\bavec succès\b|\b(?:envoyée?|créée?|enregistrée?)\b|\bcorrectamente\b|\bcon éxito\b|\bcom sucesso\b",
        r"\bconfermata\b|成功|已(?:创建|发送|保存|完成)",
    ),
    _rule(1, "there were warnings only", r"^\S+:\d+:\d+: warning:", action=r"\b(?:gcc|g\+\+|clang\S*|cc|make|javac)\b"),
    _rule(None, "", r"\"(?:status|state|progress|percent|eta\w*)\""),
    _rule(1, "the data came back", r"^-{3,}(?:\+-+)*\s*\n\s*(?!0\s*$)\S"),
    _rule(1, "the data came back", r"\A\s*1[.)] \S.*\n\s*2[.)] \S|\A\s*[.~]?/\S+", action=_SEARCH),
    _rule(1, "the data came back", r"\A\s*[\[{]\s*[\"{](?s:.*)[\]}]\s*\Z(?<!\.\.\.)"),
)


class ResultJudge:
    """Decides where a tool's result leaves no doubt."""

    def judge(self, exchange: Exchange) -> Opinion | None:
        if exchange.kind is not SignalKind.TOOL:
            return None
        result = _NO_TROUBLE.sub(" ", _ends(exchange.next_state))
        request = exchange.request.replace("’", "'")
        for rule in RULES:
            found = rule.fits(request, exchange.reply, result)
            if found is None:
                continue
            if rule.value is None:
                return None
            reason = rule.reason.format(**found.groupdict())
            return Opinion(rule.value, (rule.value,), 1.0, False, "result", reason, SURE, says_how=False)
        return None


def _ends(text: str) -> str:
    text = text.replace("’", "'")
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
