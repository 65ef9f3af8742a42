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
