// Every page works without this file. With it: components of the kit wake up, parts of a page refresh themselves,
// texts can be copied with one key, and dangerous buttons ask before they act.
import { Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, SkipLink, Tabs, createAll } from "govuk-frontend";
import "htmx.org";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");

/** Words of the page's language, handed over in data attributes of <body>. */
const word = (name: string): string => document.body.dataset[name] ?? "";

function wake(scope: Element | Document): void {
  createAll(Button, { preventDoubleClick: true }, scope);
  createAll(Checkboxes, {}, scope);
  createAll(ErrorSummary, {}, scope);
  createAll(NotificationBanner, {}, scope);
  createAll(Radios, {}, scope);
  createAll(SkipLink, {}, scope);
  createAll(Tabs, {}, scope);
  wakeCopies(scope);
}

/** <button data-copy="#id" hidden>: shown where the clipboard can be written. */
function wakeCopies(scope: Element | Document): void {
  if (!navigator.clipboard) return;
  for (const button of scope.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.querySelector<HTMLElement>(button.dataset["copy"] ?? "");
  if (!source) return;
  const text = source instanceof HTMLInputElement ? source.value : source.innerText;
  await navigator.clipboard.writeText(text.trim());
  const before = button.textContent;
  button.textContent = word("copied");
  setTimeout(() => (button.textContent = before), 2000);
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const copier = target?.closest<HTMLButtonElement>("button[data-copy]");
  if (copier) void copy(copier);
  const asked = target?.closest<HTMLElement>("button[data-confirm]");
  if (asked && !window.confirm(asked.dataset["confirm"])) event.preventDefault();
  const all = target?.closest<HTMLInputElement>("input[data-check-all]");
  if (all) {
    const boxes = document.querySelectorAll<HTMLInputElement>(`input[name="${all.dataset["checkAll"]}"]`);
    for (const box of boxes) box.checked = all.checked;
  }
});

// A filter that is chosen is applied at once; without scripts its form has a button.
document.addEventListener("change", (event) => {
  const field = event.target instanceof HTMLElement ? event.target : null;
  if (field?.matches("input[type=search]")) return;
  const form = field?.closest<HTMLFormElement>("form[data-auto]");
  if (form) form.requestSubmit();
});

// The search box offers itself at the key most people try.
document.addEventListener("keydown", (event) => {
  const at = event.target instanceof HTMLElement ? event.target : null;
  if (event.key !== "/" || event.ctrlKey || event.metaKey || at?.closest("input, textarea, select")) return;
  const box = document.querySelector<HTMLInputElement>("input[type=search]");
  if (box) {
    event.preventDefault();
    box.focus();
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const at = event.target instanceof Element ? event.target : document;
  wake(at);
});

wake(document);
