// Conveniences. Every page works without them: what is shown is then as it was when the page was loaded.
(() => {
  "use strict";

  // Copy buttons, which are hidden where there is no script.
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      // No clipboard without TLS: what is to be copied is marked instead.
      getSelection().selectAllChildren(source);
      button.textContent = "Marked: copy it with the keyboard";
    }
  };
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  // A picture that is wider than the screen begins where somebody was refused.
  for (const region of document.querySelectorAll(".sideways")) {
    const cross = region.querySelector(".cross.own") || region.querySelector(".gantt .cross");
    if (cross) {
      const middle = cross.getBoundingClientRect().left - region.getBoundingClientRect().left;
      region.scrollLeft += middle - region.clientWidth / 2;
    } else if (region.querySelector(".peaks")) {
      region.scrollLeft = region.scrollWidth;
    }
  }

  // What has changed is fetched and put in place of what is shown, at most once a second.
  const address = document.body.dataset.live;
  if (!address || !document.getElementById("live")) return;
  const changed = document.getElementById("changed");
  let waiting = null;

  const isBusy = (live) =>
    live.querySelector(":popover-open") || getSelection().containsNode(live, true) && !getSelection().isCollapsed;

  const show = async () => {
    waiting = null;
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [fresh, live] = [page.getElementById("live"), document.getElementById("live")];
    if (!fresh || isBusy(live)) {
      changed.hidden = false;
      return;
    }
    const open = [...live.querySelectorAll("details")].map((details) => details.open);
    const link = document.activeElement.getAttribute("href");
    const focused = live.contains(document.activeElement) && link;
    live.replaceWith(document.adoptNode(fresh));
    fresh.querySelectorAll("details").forEach((details, at) => (details.open = Boolean(open[at])));
    if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    changed.hidden = true;
  };
  const soon = () => {
    waiting ??= setTimeout(() => show().catch(() => (changed.hidden = false)), 1000);
  };
  changed.querySelector("button").addEventListener("click", () => location.reload());

  const events = new EventSource(address);
  for (const kind of ["message", "commit"]) events.addEventListener(kind, soon);
  addEventListener("pagehide", () => events.close());
})();
