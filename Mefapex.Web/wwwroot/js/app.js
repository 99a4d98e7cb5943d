// What the page does by itself, before and beside its circuit: theme, menus, the drawer, copying, drafts, reconnecting.
import { draftKey, forgetDrafts, writeDraft } from "./drafts.js";

const root = document.documentElement;
const YEAR = 365 * 24 * 60 * 60;

const setCookie = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
};

setCookie("mefapex.zone", Intl.DateTimeFormat().resolvedOptions().timeZone);

function setTheme(theme) {
  root.dataset.theme = theme;
  setCookie("mefapex.theme", theme);
}

async function copy(button) {
  const label = button.querySelector("span");
  const text = label.textContent;
  await navigator.clipboard.writeText(button.dataset.copy);
  label.textContent = button.dataset.copied;
  setTimeout(() => (label.textContent = text), 1600);
}

function setDrawer(open) {
  const shell = document.querySelector("[data-shell]");
  if (!shell || shell.classList.contains("is-open") === open) return;
  shell.classList.toggle("is-open", open);
  shell.querySelector(open ? "[data-drawer-close]" : "[data-drawer-open]").focus();
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);

  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }

  const theme = at("[data-theme-choice]");
  if (theme) {
    event.preventDefault();
    setTheme(theme.dataset.themeChoice);
  }

  // The page may have moved on since the link was rendered.
  const language = at('a[href*="preferences/language/"]');
  if (language) {
    const here = location.pathname + location.search;
    language.href = `${language.pathname}?returnUrl=${encodeURIComponent(here)}`;
  }

  if (at("[data-copy]")) copy(at("[data-copy]"));
  if (at("[data-reconnect]")) reconnect();
  if (at("[data-drawer-open]")) setDrawer(true);
  if (at("[data-drawer-close]") || at(".sidebar a")) setDrawer(false);

  const skip = at("[data-skip]");
  if (skip) {
    event.preventDefault();
    document.querySelector(skip.hash)?.focus();
  }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  } else if (document.querySelector("[data-shell].is-open")) {
    setDrawer(false);
    event.preventDefault();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-composer]")) event.preventDefault();
  if (event.target.matches("[data-sign-out]")) forgetDrafts();
});

// What is typed before the circuit is there is found again when it replaces the prerendered form.
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-composer]:not([data-live])");
  if (form) writeDraft(draftKey(form), event.target.value);
});

async function reconnect() {
  if (!(await Blazor.reconnect())) location.reload();
}

document.addEventListener("components-reconnect-state-changed", (event) => {
  // The server has forgotten this page, as it does when it restarts; conversations and drafts outlive that.
  if (["rejected", "resume-failed", "paused"].includes(event.detail.state)) location.reload();
}, true);
