"use strict";
// Draws an assessment. Everything from tickets and cases goes into the page as text, never as markup.
const { words, names, language } = JSON.parse(document.getElementById("data").textContent);
const result = document.getElementById("result");
const locale = language === "zh" ? "zh-CN" : "en-GB";

function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) element[key] = value;
  element.append(...children.filter((child) => child !== null));
  return element;
}

const percent = (share) => `${Math.round(share * 100)} %`;
const named = (kind, code) => (Object.hasOwn(names[kind], code) ? names[kind][code] : code);
const listed = (items) => items.join(words.comma);
const tongue = (code) => (code === "zh" ? "zh-CN" : code === "en" ? "en" : "");
const filled = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const card = (title, ...children) => make("div", { className: "card" }, make("h2", { textContent: title }), ...children);

function finding(kind, found) {
  const others = found.alternatives.slice(0, 2).map((item) => `${named(kind, item.label)} ${percent(item.confidence)}`);
  const spoken = { term: (item) => item.term, concepts: (item) => words.concepts + words.colon + item.term };
  const terms = found.reasons.map((item) =>
    make("li", {
      className: item.weight < 0 ? "minus" : "plus",
      textContent: `${spoken[item.kind]?.(item) ?? words[item.kind]} ${item.weight > 0 ? "+" : ""}${item.weight.toFixed(2)}`,
      title: item.weight < 0 ? words.against_it : words.for_it,
    }));
  const signals = (found.signals ?? []).map((item) =>
    make("p", { className: "soft" }, named("signal", item.code) + words.colon, make("mark", { className: "signal", textContent: item.evidence })));
  const near = found.examples.map((item) => `${item.ticket_id} ${named(kind, item.label)} ${percent(item.match)}`);
  return card(
    words[kind],
    make("div", {},
      make("span", { className: "label", textContent: named(kind, found.label) }),
      make("span", { className: `band ${found.band}`, textContent: `${percent(found.confidence)} · ${words[found.band]}` })),
    others.length ? make("p", { className: "soft", textContent: `${words.alternatives} ${listed(others)}` }) : null,
    ...(signals.length ? [make("p", { className: "soft", textContent: words.signals }), ...signals] : []),
    make("p", { className: "soft", textContent: terms.length ? words.reasons : words.no_terms }),
    make("ul", { className: "terms" }, ...terms),
    near.length ? make("details", {}, make("summary", { textContent: words.examples }), make("p", { className: "soft", textContent: listed(near) })) : null);
}

// The evidence of signals and the terms that spoke for a label, marked where they stand in the text.
function marked(text, found) {
  // Folded letter by letter: a few letters grow when folded, and the places must stay those of the text.
  const folded = Array.from(text, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  }).join("");
  const inWord = /[\p{Script=Latin}\p{N}_]/u;
  const spans = [];
  const add = (word, className) => {
    const wanted = word.toLowerCase();
    const latin = /^[\x20-\x7e]+$/.test(wanted);
    for (let at = folded.indexOf(wanted); wanted && at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
      const inside = latin && (inWord.test(folded[at - 1] ?? " ") || inWord.test(folded[at + wanted.length] ?? " "));
      if (!inside) spans.push([at, at + wanted.length, className]);
    }
  };
  for (const item of found.priority.signals) add(item.evidence, "signal");
  for (const item of [...found.category.reasons, ...found.priority.reasons])
    if (item.weight > 0 && ["term", "concepts"].includes(item.kind))
      add(item.term, "term");
  spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const box = make("p", { className: "text", lang: tongue(found.language) });
  let done = 0;
  for (const [from, to, className] of spans) {
    if (from < done) continue;
    box.append(text.slice(done, from), make("mark", { className, textContent: text.slice(from, to) }));
    done = to;
  }
  box.append(text.slice(done));
  return box;
}

// Helpers and those to tell are codes of teams or of roles.
function people(title, codes) {
  const known = (codes ?? []).map((code) => (Object.hasOwn(names.team, code) ? named("team", code) : named("role", code)));
  return known.length ? make("p", { className: "soft", textContent: title + words.colon + listed(known) }) : null;
}

function proof(proven) {
  if (!proven.used) return words.never_used;
  const parts = [filled(words.used, proven)];
  if (proven.reopened) parts.push(filled(words.reopened, proven));
  if (proven.failed_last) parts.push(words.failed_last);
  if (proven.last_worked_at) parts.push(filled(words.last_worked, { date: new Date(proven.last_worked_at).toLocaleDateString(locale) }));
  return listed(parts);
}

function routed(route) {
  const rows = route.clocks.map((clock) => {
    const due = new Date(clock.due_at).toLocaleString(locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
    return make("tr", {}, make("th", { scope: "row", textContent: named("step", clock.step) }), make("td", {}, make("time", { dateTime: clock.due_at, textContent: due })));
  });
  return card(
    words.route,
    make("div", {}, make("span", { className: "label", textContent: named("team", route.team) }), named("role", route.role)),
    people(words.helpers, route.helpers),
    people(words.notify, route.notify),
    make("p", { className: "soft", textContent: words.rule + words.colon + route.rule }),
    make("details", { open: window.innerWidth > 560 }, make("summary", { textContent: words.clocks }), make("table", {}, make("tbody", {}, ...rows))));
}

function similar(cases, sure) {
  if (!cases.length) return card(words.cases, make("p", { className: "soft", textContent: words.no_cases }));
  const only = sure ? [] : [make("p", { className: "soft", textContent: words.only_nearest })];
  return card(words.cases, ...only, ...cases.map((item, place) => {
    const shared = item.shared_terms.length ? ` · ${words.shared}${words.colon}${listed(item.shared_terms)}` : "";
    return make("article", {},
      make("h3", {}, make("span", { className: "match", title: words.match, textContent: percent(item.match) }), make("span", { lang: tongue(item.language), textContent: item.problem })),
      make("p", { className: "soft", textContent: `${words[`language_${item.language}`] ?? item.language} · ${item.case_id} · ${proof(item.proven)}${shared}` }),
      make("details", { open: place === 0 }, make("summary", { textContent: words.solution }),
        make("p", { className: "steps", lang: tongue(item.solution ? item.language : language), textContent: item.solution || words.no_solution })));
  }));
}

// Nothing of an earlier ticket stays beside an error: it would be taken for this one's.
function clear() {
  result.replaceChildren(make("p", { className: "empty", textContent: words.empty }));
}

function show(text, found) {
  const legend = make("p", { className: "soft" },
    make("mark", { className: "term", textContent: words.reasons }), " ", make("mark", { className: "signal", textContent: words.signals }));
  result.replaceChildren(
    card(words.text_marks, marked(text, found), legend),
    make("div", { className: "duo" },
      make("div", { className: "stack" }, finding("category", found.category), finding("priority", found.priority)),
      routed(found.route)),
    similar(found.similar_cases, found.similar_found),
    make("p", {
      className: "soft",
      textContent: `${words.language}${words.colon}${words[`language_${found.language}`]} · ${filled(words.model, { version: found.model.version, ms: found.elapsed_ms })}`,
    }));
}
