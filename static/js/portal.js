/* Quicker with it, whole without it: copying, theme, menus, and progress that comes by itself. */
(() => {
  "use strict";
  const root = document.documentElement;

  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    if (!field) return;
    const text = field.value ?? field.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      field.select?.();
      document.execCommand("copy");
    }
    const label = button.querySelector("[data-said]");
    if (!label || label.dataset.was) return;
    label.dataset.was = label.textContent;
    label.textContent = label.dataset.said;
    setTimeout(() => {
      label.textContent = label.dataset.was;
      delete label.dataset.was;
    }, 2000);
  };

  const theme = (event) => {
    const chosen = event.submitter?.name === "theme" ? event.submitter.value : null;
    if (chosen === null || !window.fetch) return;
    event.preventDefault();
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    const body = new FormData(event.target);
    body.set("theme", chosen);
    fetch(event.target.action, { method: "POST", body, redirect: "manual" });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-theme-form]")) theme(event);
    else if (event.target.matches("form[data-once]")) {
      if (event.target.dataset.sent) event.preventDefault();
      event.target.dataset.sent = "yes";
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
  });

  /* A page that moves on by itself: its part with [data-poll] is fetched again every so many seconds. */
  const poll = async (part) => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected) return location.assign(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part.id);
      if (answer.ok && fresh && !part.contains(document.activeElement?.closest("form"))) {
        part.replaceWith(fresh);
        part = fresh;
      }
    } catch {
      /* Offline for a moment: the next round asks again. */
    }
    plan(part);
  };
  const plan = (part) => {
    const seconds = Number(part?.dataset.poll);
    if (seconds) setTimeout(() => poll(part), seconds * 1000);
  };
  plan(document.querySelector("[data-poll]"));
  for (const field of document.querySelectorAll("[data-open-errors]")) field.focus();
  document.querySelector("form[data-at-once]")?.requestSubmit();
})();
