// Unsent text per conversation, for this tab alone; forgotten on sign-out.
const PREFIX = "mefapex.draft.";

export const draftKey = (form) => PREFIX + form.dataset.draft;

export const readDraft = (key) => sessionStorage.getItem(key) ?? "";

export function writeDraft(key, text) {
  if (text) sessionStorage.setItem(key, text);
  else sessionStorage.removeItem(key);
}

export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
