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
