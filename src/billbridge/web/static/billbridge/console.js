// Small things of the page that need a script. Everything works without it, only less comfortably.

// htmx sends Django's token along with every request that changes something.
document.addEventListener("htmx:config:request", (event) => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token) event.detail.ctx.request.headers["X-CSRFToken"] = decodeURIComponent(token[1]);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#theme")) {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* storage may be forbidden */ }
  }
});

// A checkbox with data-select-all ticks every checkbox of the name it gives, within its form or table.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-select-all]");
  if (!all) return;
  const scope = all.closest("form") || document;
  for (const box of scope.querySelectorAll(`input[type=checkbox][name="${all.dataset.selectAll}"]`)) {
    if (!box.disabled) box.checked = all.checked;
  }
});

// A form with data-confirm asks in words before it is sent.
document.addEventListener("submit", (event) => {
  const text = event.target.dataset.confirm;
  if (text && !confirm(text)) event.preventDefault();
}, true);

// A file dropped on a [data-drop] field is chosen in it.
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("dragging", kind === "dragover");
    const input = zone.querySelector("input[type=file]");
    if (kind === "drop" && input && event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}

// After a part of the page was replaced, the field a person was typing in keeps the cursor.
let typing = null;
document.addEventListener("htmx:before:swap", () => {
  const active = document.activeElement;
  typing = active && active.id && active.matches("input[type=search]") ? { id: active.id, at: active.selectionStart } : null;
});
document.addEventListener("htmx:after:swap", () => {
  const field = typing && document.getElementById(typing.id);
  if (field) { field.focus(); field.setSelectionRange(typing.at, typing.at); }
});

// A form with data-keeps-ticks keeps the checkboxes of that name that belong to it, wherever they stand, also when a
// search or another page takes them away: those not shown are sent along as hidden fields.
const ticks = new Map();
const boxesOf = (form) => document.querySelectorAll(`input[type=checkbox][form="${form.id}"][name="${form.dataset.keepsTicks}"]`);
const hiddenOf = (form) => form.querySelectorAll(`input[type=hidden][name="${form.dataset.keepsTicks}"]`);

function showTicks(form) {
  const chosen = ticks.get(form.id);
  const shown = new Set();
  for (const box of boxesOf(form)) { box.checked = chosen.has(box.value); shown.add(box.value); }
  for (const field of hiddenOf(form)) field.remove();
  const elsewhere = [...chosen].filter((value) => !shown.has(value));
  for (const value of elsewhere) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: form.dataset.keepsTicks, value }));
  }
  for (const all of document.querySelectorAll(`[data-select-all="${form.dataset.keepsTicks}"]`)) {
    all.checked = shown.size > 0 && elsewhere.length + shown.size === chosen.size;
  }
  const said = document.querySelector(`[data-ticks-of="${form.id}"]`);
  if (!said) return;
  said.hidden = chosen.size === 0;
  said.querySelector("span").textContent = `${chosen.size} chosen` + (elsewhere.length ? `, ${elsewhere.length} of them not shown below.` : ".");
}

function readTicks(form) {
  const chosen = ticks.get(form.id) || new Set([...hiddenOf(form)].map((field) => field.value));
  for (const box of boxesOf(form)) box.checked ? chosen.add(box.value) : chosen.delete(box.value);
  ticks.set(form.id, chosen);
  showTicks(form);
}

const keepers = () => document.querySelectorAll("form[data-keeps-ticks]");
window.addEventListener("pageshow", () => keepers().forEach(readTicks));
document.addEventListener("change", (event) => { if (event.target.matches("input[type=checkbox]")) keepers().forEach(readTicks); });
document.addEventListener("htmx:after:swap", () => keepers().forEach((form) => { if (ticks.has(form.id)) showTicks(form); }));
document.addEventListener("click", (event) => {
  const form = document.getElementById(event.target.closest("[data-ticks-of] button")?.parentElement.dataset.ticksOf ?? "");
  if (form) { ticks.set(form.id, new Set()); showTicks(form); }
});
