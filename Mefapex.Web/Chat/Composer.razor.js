// The text lives in the browser until it is sent: typing needs no round trip and survives a lost connection.
import { draftKey, readDraft, writeDraft } from "../js/drafts.js";

export function attach(form, page) {
  const box = form.querySelector("textarea");
  const count = form.querySelector(".composer-count");
  const over = form.querySelector(".composer-over");
  const limit = Number(form.dataset.limit);
  let key = draftKey(form);

  const isBusy = () => form.dataset.busy !== undefined;

  function refresh() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
    const length = box.value.trim().length;
    count.textContent = `${length} / ${limit}`;
    count.hidden = length < limit * 0.8;
    count.classList.toggle("is-over", length > limit);
    over.hidden = length <= limit;
    box.setAttribute("aria-invalid", String(length > limit));
    form.classList.toggle("is-empty", length === 0);
    form.classList.toggle("is-over", length > limit);
  }

  function fill(text) {
    box.value = text;
    refresh();
  }

  function focus() {
    if (matchMedia("(pointer: fine)").matches) box.focus({ preventScroll: true });
  }

  async function send() {
    const question = box.value.trim();
    if (isBusy() || question.length === 0 || question.length > limit) return;
    fill("");
    writeDraft(key, "");
    try {
      await page.invokeMethodAsync("SendAsync", question);
    } catch {
      if (box.value === "") fill(question);
      writeDraft(key, box.value);
    }
  }

  const onInput = () => {
    writeDraft(key, box.value);
    refresh();
  };
  const onSubmit = (event) => {
    event.preventDefault();
    send();
  };
  const onKey = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const onEscape = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    form.querySelector("[data-stop]")?.click();
  };

  box.addEventListener("input", onInput);
  box.addEventListener("keydown", onKey);
  form.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onEscape);
  form.dataset.live = "";
  fill(readDraft(key) || box.value);
  focus();

  return {
    rename() {
      writeDraft(key, "");
      key = draftKey(form);
      writeDraft(key, box.value);
    },
    change() {
      key = draftKey(form);
      fill(readDraft(key));
      focus();
    },
    // The button or suggestion that was used last has just left the page.
    settle() {
      if (document.activeElement === document.body) focus();
    },
    keep(question) {
      writeDraft(key, box.value || question);
    },
    dispose() {
      box.removeEventListener("input", onInput);
      box.removeEventListener("keydown", onKey);
      form.removeEventListener("submit", onSubmit);
      document.removeEventListener("keydown", onEscape);
    },
  };
}
