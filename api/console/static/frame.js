"use strict";
// Every change that a page sends carries what only its own pages know; what went wrong is said, nothing typed is lost.
const csrf = document.querySelector("meta[name=csrf]").content;
const notice = document.getElementById("notice");
const said = document.getElementById("said").dataset;

document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = csrf; });
document.addEventListener("htmx:beforeRequest", () => { notice.textContent = ""; });
document.addEventListener("htmx:sendError", () => { notice.textContent = said.failed; });
document.addEventListener("htmx:responseError", (event) => {
  let detail = "";
  try { detail = JSON.parse(event.detail.xhr.responseText).detail ?? ""; } catch { /* not a problem document */ }
  if (event.detail.xhr.status === 401) location.reload();
  notice.textContent = detail ? said.refused.replace("{detail}", detail) : said.failed;
});
document.addEventListener("click", (event) => {
  const filled = event.target.closest("[data-fill]");
  if (!filled) return;
  for (const name of ["name", "password"]) document.getElementById(name).value = filled.dataset.fill;
  document.getElementById("name").form.requestSubmit();
});

// Pages that ask for it look again every quarter of a minute, unless somebody is working in what would be replaced.
setInterval(() => {
  const live = document.querySelector("[hx-trigger~=refresh]");
  if (live && !document.hidden && !live.contains(document.activeElement)) htmx.trigger(document.body, "refresh");
}, 15000);

// One key does what its button says, where nobody is typing.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const own = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (own) {
    event.preventDefault();
    if (own.matches("input, textarea, select")) own.focus();
    else own.click();
    return;
  }
  if (event.key !== "j" && event.key !== "k") return;
  const rows = [...document.querySelectorAll("a.open")];
  const next = rows.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
  rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
});
