"""What the hosted pages share: layout, style, fields, answers."""

from __future__ import annotations

from html import escape
from typing import NamedTuple
from urllib.parse import parse_qsl

CSP = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CSP,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Reply = tuple[int, bytes, dict[str, str]]
STYLE = """
:root { color-scheme: light; --ink: #1a1f36; --soft: #5d6679; --line: #d9dee8; --key: #2f4bd8; --bad: #b3093c; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f6fa; color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.bar { margin: 0; background: #fff4d6; border-bottom: 1px solid #e8d59a; color: #5b4600; padding: .5rem 1rem;
  text-align: center; font-size: .875rem; }
main { display: grid; align-items: start; grid-template-columns: 1fr 1fr; gap: 2.5rem; max-width: 60rem;
  margin: 2.5rem auto; padding: 0 1.25rem; }
main.one { grid-template-columns: minmax(0, 34rem); justify-content: center; }
@media (max-width: 46rem) { main { grid-template-columns: 1fr; margin: 1.25rem auto; gap: 1.25rem; } }
h1 { font-size: 1.25rem; margin: 0 0 .5rem; } h2 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
.total { font-size: 2.25rem; font-weight: 650; margin: .25rem 0 1.25rem; font-variant-numeric: tabular-nums; }
.card { background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { font-weight: 500; text-align: left; } td { text-align: right; white-space: nowrap; }
th, td { padding: .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > * { border-bottom: 0; font-weight: 600; }
small, .soft { color: var(--soft); }
label { display: block; font-size: .875rem; font-weight: 550; margin-top: .875rem; }
input, select { display: block; width: 100%; font: inherit; color: inherit; background: #fff; margin-top: .25rem;
  padding: .55rem .7rem; border: 1px solid #8b94a8; border-radius: .4rem; }
input[type=checkbox] { display: inline; width: auto; margin: 0 .5rem 0 0; }
:focus-visible { outline: 3px solid #9db0ff; outline-offset: 1px; border-color: var(--key); }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
button, .button { display: block; width: 100%; margin-top: 1.25rem; padding: .75rem; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; color: #fff; background: var(--key); border: 1px solid var(--key);
  border-radius: .4rem; cursor: pointer; }
button.plain { color: var(--ink); background: #fff; border-color: #8b94a8; margin-top: .75rem; }
[role=alert] { color: var(--bad); background: #fdebf1; border: 1px solid #f3b6cb; border-radius: .4rem;
  padding: .6rem .8rem; margin: 0 0 1rem; }
[role=status] { color: #0b5b33; background: #e4f6ec; border: 1px solid #a9dfc2; border-radius: .4rem;
  padding: .6rem .8rem; margin: 0 0 1rem; }
a { color: var(--key); }
"""


class Page(NamedTuple):
    title: str
    body: str
    status: int = 200
    wide: bool = False


def answer(page: Page) -> Reply:
    kind = "" if page.wide else ' class="one"'
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(page.title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/_standin/page.css"></head><body>'
        '<p class="bar">This is a stand-in for Stripe. No money moves, and only Stripe’s published test cards work '
        f"here.</p><main{kind}>{page.body}</main></body></html>"
    )
    return page.status, text.encode(), dict(HEADERS)


def redirect(to: str) -> Reply:
    return 303, b"", {"Location": to, "Cache-Control": "no-store"}


def not_found() -> Reply:
    return answer(Page("Not found", '<div class="card"><h1>There is no such page.</h1></div>', 404))


def notice(title: str, text: str, link: str | None = None, words: str = "Continue") -> Reply:
    button = f'<a class="button" href="{escape(link)}">{escape(words)}</a>' if link else ""
    return answer(Page(title, f'<div class="card"><h1>{escape(title)}</h1><p>{escape(text)}</p>{button}</div>'))


def form_of(body: str) -> dict[str, str]:
    return {name: value.strip() for name, value in parse_qsl(body, keep_blank_values=True, max_num_fields=100)}


def field(name: str, label: str, value: str = "", *, autocomplete: str, more: str = "", hint: str = "") -> str:
    said = f" <small>{escape(hint)}</small>" if hint else ""
    return (
        f'<label for="{name}">{escape(label)}{said}</label><input id="{name}" name="{name}" value="{escape(value)}" '
        f'autocomplete="{autocomplete}" {more}>'
    )


def alert(message: str) -> str:
    return f'<p role="alert">{escape(message)}</p>' if message else ""


CONFIRM = "Your bank asks you to confirm: please type the card again and tick the box."


def confirm_box(ask: bool) -> str:
    box = '<label><input type="checkbox" name="confirmed" value="yes">I confirm this with my bank (3-D Secure)</label>'
    return box if ask else ""


def card_fields(name: str = "") -> str:
    """The number, the date and the code are never sent back: they are typed again."""
    digits = 'inputmode="numeric" required'
    return (
        field("number", "Card number", autocomplete="cc-number", more=f'{digits} placeholder="4242 4242 4242 4242"')
        + '<div class="two"><div>'
        + field("expiry", "Expires", autocomplete="cc-exp", more=f'{digits} placeholder="MM / YY"')
        + "</div><div>"
        + field("cvc", "Security code", autocomplete="cc-csc", more=f'{digits} maxlength="4"')
        + "</div></div>"
        + field("name", "Name on card", name, autocomplete="cc-name")
    )
