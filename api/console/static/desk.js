"use strict";
// The desk: suggestions while one types, the last answer wins; one key accepts, one key each corrects a field.
const form = document.getElementById("desk");
const report = document.getElementById("report");
const save = document.getElementById("save");
const verdict = document.getElementById("verdict");
const beside = document.getElementById("beside");
const reason = document.getElementById("reason");
const fields = ["category", "priority", "team"].map((id) => document.getElementById(id));
const DRAFT = "triage_draft";
const PAUSE = 250;  // so long after the last key the text is read
const SETTLED = 1200;  // and so long after it what is open already is looked up
let asking = null, asked = "", suggested = null, saving = false;
let soon = 0, later = 0;

function say(text, isError = false) {
  report.textContent = text;
  report.className = isError ? "error" : "";
}

function content() {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
}

async function call(path, body, signal) {
  const answer = await fetch(path, {
    method: "POST", signal, body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
  });
  if (answer.status === 401) { keep(); location.reload(); }
  let told = {};
  try { told = await answer.json(); } catch { /* a gateway's page, not ours */ }
  if (!answer.ok) throw new Error(told.detail ? filled(words.refused, told) : words.failed);
  return told;
}

function offer(found) {
  suggested = { category: found.category.label, priority: found.priority.label, team: found.route.team };
  for (const field of fields) if (!field.dataset.chosen) field.value = suggested[field.id];
  verdict.disabled = save.disabled = false;
}

function corrected() {
  return fields.filter((field) => suggested && field.value !== suggested[field.id]);
}

async function assess() {
  const sent = content();
  delete sent.customer;
  const wanted = JSON.stringify(sent);
  if (wanted === asked) return;
  asking?.abort();
  asked = wanted;
  if (!sent.subject && !sent.description) { forget(); return; }
  const own = asking = new AbortController();
  result.setAttribute("aria-busy", "true");
  try {
    const found = await call("/api/v1/triage", { ...sent, top_k: 3 }, own.signal);
    if (own !== asking) return;
    show([sent.subject, sent.description].filter(Boolean).join("\n"), found);
    offer(found);
    say("");
  } catch (error) {
    if (own !== asking || error.name === "AbortError") return;
    clear();
    asked = "";
    say(error instanceof TypeError ? words.failed : error.message, true);
  } finally {
    if (own === asking) result.setAttribute("aria-busy", "false");
  }
}

// What is open already: of this customer, of this problem, and surges.
async function lookBeside() {
  const { subject = "", description = "", customer = "" } = content();
  if (!subject && !description && !customer) { beside.replaceChildren(); return; }
  const own = asked;
  try {
    const found = await call("/api/v1/tickets/beside", { text: `${subject}\n${description}`.trim(), customer });
    if (own !== asked) return;
    const link = (item) => make("a", { href: `/tickets/${encodeURIComponent(item.id)}`, textContent: item.title });
    const list = (kind, items) => items.length
      ? [make("div", { className: `warning ${kind}` }, make("b", { textContent: words[`beside_${kind}`] }), make("ul", {}, ...items.map((item) => make("li", {}, link(item)))))]
      : [];
    beside.replaceChildren(...list("surge", found.surges.filter((item) => !document.querySelector(`.surges [data-first="${CSS.escape(item.id)}"]`))), ...list("same", found.same_problem), ...list("customer", found.of_customer));
  } catch { /* only a help: the desk works without it */ }
}

function forget() {
  asking?.abort();
  asking = suggested = null;
  asked = "";
  for (const field of fields) delete field.dataset.chosen;
  reason.value = "";
  reason.parentElement.hidden = true;
  verdict.disabled = save.disabled = true;
  result.setAttribute("aria-busy", "false");
  beside.replaceChildren();
  clear();
}

async function record() {
  clearTimeout(soon);
  const sent = content();
  if (!sent.subject && !sent.description) {
    say(words.no_text, true);
    document.getElementById("description").focus();
    return;
  }
  if (saving) return;
  saving = true;
  save.disabled = true;
  try {
    await assess();
    if (!suggested) return;
    const final = Object.fromEntries(corrected().map((field) => [field.id, field.value]));
    if (reason.value.trim()) final.reason = reason.value.trim();
    say(words.saving);
    const { ticket } = await call("/api/v1/tickets", { ...sent, shown: true });
    localStorage.removeItem(DRAFT);
    form.reset();
    forget();
    document.getElementById("description").focus();
    const done = await call(`/api/v1/tickets/${encodeURIComponent(ticket.id)}/decision`, final);
    const told = { id: done.ticket.id, team: named("team", done.ticket.team) };
    report.replaceChildren(filled(words.saved, told), " ", make("a", { href: `/tickets/${encodeURIComponent(told.id)}`, textContent: words.open_it }));
    report.className = "done";
  } catch (error) {
    say(error instanceof TypeError ? words.failed : error.message, true);
  } finally {
    saving = false;
    save.disabled = !suggested;
  }
}

function keep() {
  const sent = content();
  if (Object.keys(sent).length) localStorage.setItem(DRAFT, JSON.stringify(sent));
  else localStorage.removeItem(DRAFT);
}

function changed() {
  keep();
  clearTimeout(soon);
  clearTimeout(later);
  soon = setTimeout(assess, PAUSE);
  later = setTimeout(lookBeside, SETTLED);
}

function refill(values) {
  form.reset();
  forget();
  for (const [name, value] of Object.entries(values)) if (form.elements[name]) form.elements[name].value = value;
  changed();
}

form.addEventListener("input", (event) => {
  if (fields.includes(event.target)) {
    event.target.dataset.chosen = "yes";
    reason.parentElement.hidden = !corrected().length;
  } else if (event.target !== reason) changed();
});
form.addEventListener("submit", (event) => { event.preventDefault(); record(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); record(); }
  const hot = form.querySelector(`[data-hot="${CSS.escape(event.key)}"]`);
  if (hot && !verdict.disabled) { event.preventDefault(); hot.focus(); }
  if (event.key === "Escape" && verdict.contains(event.target)) document.getElementById("description").focus();
});
for (const button of document.querySelectorAll("[data-example]"))
  button.addEventListener("click", () => refill({ description: button.dataset.example }));
document.querySelector("form[hx-post='/sign-out']")?.addEventListener("submit", () => localStorage.removeItem(DRAFT));
try {
  const draft = JSON.parse(localStorage.getItem(DRAFT) ?? "{}");
  if (Object.keys(draft).length) { refill(draft); say(words.restored); }
} catch { localStorage.removeItem(DRAFT); }
