"""The pages of an instance: what a browser sees at its address."""

from ondemand.standins.erp.forms import Typed
from ondemand.standins.erp.markup import Html, element, join
from ondemand.standins.erp.servers import VERSION, Actor, ReasonPage, Server, Step, Visitor

MARKS = {"pending": "Waiting", "running": "Under way", "done": "Done", "failed": "Failed"}
NOTICE = "Stand-in of an Openbravo instance, for demonstration and tests. What is done here is counted and billed."


def layout(title: str, *content: str, refresh: int = 0) -> str:
    head = join(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="refresh", content=str(refresh)) if refresh else "",
        element("title", title),
        element("link", rel="stylesheet", href="/standin.css"),
    )
    notice = element("p", NOTICE, class_="notice")
    body = element("body", notice, element("main", *content))
    return f"<!doctype html>\n{element('html', element('head', head), body, lang='en')}\n"


def message(title: str, *sentences: str) -> str:
    paragraphs = [element("p", sentence) for sentence in sentences if sentence]
    return layout(title, element("section", element("h1", title), *paragraphs, class_="message"))


def booting(server: Server) -> str:
    failed = server.state == "failed"
    title = f"{_owner(server)}: not ready" if failed else f"{_owner(server)}: being set up"
    told = (
        f"The set-up stopped: {server.error} It goes on when it is tried again."
        if failed
        else "Your instance is being set up. This page follows along by itself."
    )
    steps = element("ol", *(_step(step) for step in server.steps), class_="steps")
    section = element("section", element("h1", title), element("p", told), steps, class_="message")
    return layout(title, section, refresh=5 if failed else 2)


def resuming(server: Server) -> str:
    title = f"{_owner(server)}: coming back"
    told = element("p", "The instance is being resumed. This page follows along by itself.")
    return layout(title, element("section", element("h1", title), told, class_="message"), refresh=2)


def suspended(server: Server) -> str:
    reason = server.reason_page or ReasonPage("", "", "")
    answers = (
        ("Why", reason.why or "The reason was not given."),
        ("How to pay", reason.how_to_pay),
        ("Whom to ask", reason.whom_to_ask or "The partner from whom you have Openbravo."),
    )
    title = f"{_owner(server)}: suspended"
    told = element("p", "Nobody can work here for now. Your data is kept.")
    listed = [join(element("dt", term), element("dd", *_lines(answer))) for term, answer in answers if answer]
    section = element("section", element("h1", title), told, element("dl", *listed), class_="message")
    return layout(title, section, refresh=30)


def home(server: Server, zone: str, day: str, visitor: Visitor | None, typed: Typed | None = None) -> str:
    sections = [_header(server, visitor), _today(server, day)]
    sections.append(_actors("users", "Named users", "user", server.users, day, typed))
    if server.is_retail:
        sections.append(_actors("terminals", "POS terminals", "terminal", server.terminals, day, typed))
    sections += [_disk(server, typed), _facts(server, zone)]
    return layout(f"{_owner(server)} · {server.product}", *sections)


def _owner(server: Server) -> str:
    return server.company or server.name


def _lines(text: str) -> list[str]:
    lines = text.splitlines()
    return [part for line in lines for part in (line, element("br"))][:-1]


def _step(step: Step) -> Html:
    at = step.at.replace("T", " ").replace("Z", " UTC") if step.at else ""
    note = " · ".join(part for part in (MARKS[step.state], step.detail, at) if part)
    return element("li", element("strong", step.label), element("span", note), class_=step.state)


def _header(server: Server, visitor: Visitor | None) -> Html:
    kind = f"{server.product}, {server.edition}, version {VERSION}"
    title = join(element("h1", _owner(server)), element("p", kind))
    if visitor is None:
        return element("header", title, element("p", "You are not signed in; here nobody needs to be."))
    return element("header", title, _signed_in(visitor))


def _signed_in(visitor: Visitor) -> Html:
    who = f"{visitor.display} ({visitor.user})" if visitor.display != visitor.user else visitor.user
    support = element("span", "Support user", class_="tag") if visitor.support else ""
    text = element("p", "Signed in as ", element("strong", who), " ", support)
    return element("div", text, _button("/logout", "Sign out"), class_="visitor")


def _today(server: Server, day: str) -> Html:
    counts = [_count(f"{_worked(server.users, day)} of {len(server.users)}", "named users worked")]
    if server.is_retail:
        terminals = f"{_worked(server.terminals, day)} of {len(server.terminals)}"
        counts.append(_count(terminals, "POS terminals worked"))
    counts.append(_count(f"{server.disk_mb:,} MB", "of disk used"))
    everyone = _button("/work", "Everyone works today", primary=True)
    heading = element("div", element("h2", f"Today, {day} (UTC)"), everyone)
    return element("section", heading, element("ul", *counts, class_="counts"))


def _count(number: str, label: str) -> Html:
    return element("li", element("strong", number), element("span", label))


def _worked(actors: list[Actor], day: str) -> int:
    return sum(actor.worked_on == day for actor in actors)


def _actors(path: str, title: str, kind: str, actors: list[Actor], day: str, typed: Typed | None) -> Html:
    head = element("tr", element("th", "Name"), element("th", "Last worked"), element("th", ""))
    body = element("tbody", *(_actor(path, actor, day) for actor in actors))
    table = element("table", element("thead", head), body) if actors else element("p", "None yet.")
    form = _form(f"/{path}", kind, f"New {kind}", f"Add {kind}", typed)
    return element("section", element("h2", title), table, form, id=path)


def _actor(path: str, actor: Actor, day: str) -> Html:
    worked = actor.worked_on == day
    action = element("span", "✓ Worked today", class_="done")
    if not worked:
        action = _button(f"/{path}/{actor.id}/work", "Work today", about=actor.name)
    last = "Today" if worked else actor.worked_on or "Never"
    return element("tr", element("td", actor.name), element("td", last), element("td", action))


def _disk(server: Server, typed: Typed | None) -> Html:
    told = element("p", f"The database and the attachments take {server.disk_mb:,} MB.")
    form = _form("/disk", "megabytes", "MB to store", "Store data", typed, numeric=True)
    return element("section", element("h2", "Data"), told, form, id="data")


def _facts(server: Server, zone: str) -> Html:
    installed = server.activation_key_installed
    key = f"Installed, ends in {server.activation_key[-4:]}" if installed else "Not installed"
    owner = server.owner_email or server.owner_username or "Not given"
    facts = (("Instance", server.id), ("Zone", zone), ("Owner", owner), ("Activation key", key))
    listed = [element("div", element("dt", term), element("dd", text)) for term, text in facts]
    return element("section", element("h2", "This instance"), element("dl", *listed, class_="facts"))


def _form(path: str, name: str, label: str, action: str, typed: Typed | None, numeric: bool = False) -> Html:
    mine = typed if typed is not None and typed.name == name else None
    field = element(
        "input",
        id=name,
        name=name,
        value=mine.value if mine else "",
        autocomplete="off",
        inputmode="numeric" if numeric else False,
        aria_invalid="true" if mine else False,
        aria_describedby=f"{name}-error" if mine else False,
        autofocus=mine is not None,
    )
    error = element("p", mine.error, id=f"{name}-error", class_="error", role="alert") if mine else ""
    row = element("div", field, element("button", action), class_="row")
    return element("form", element("label", label, for_=name), row, error, method="post", action=path, class_="add")


def _button(path: str, label: str, about: str = "", primary: bool = False) -> Html:
    hidden = element("span", f": {about}", class_="unseen") if about else ""
    button = element("button", label, hidden, class_="primary" if primary else "plain")
    return element("form", button, method="post", action=path)
