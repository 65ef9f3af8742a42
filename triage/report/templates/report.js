"use strict";
// Draws the charts from the data in the page, switches between them, and opens the list a link leads to.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const NARROW = 560;
  const SHARES = [0, 20, 40, 60, 80, 100];
  const PRINTED = 690; // pixels between the margins of an A4 sheet
  let printing = false;

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function layout(width, more) {
    const ink = token("ink"), line = token("line");
    const axis = { color: ink, gridcolor: line, zerolinecolor: line, fixedrange: true, automargin: true };
    return {
      width,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: ink },
      hoverlabel: { bgcolor: token("card"), bordercolor: line, font: { color: ink }, align: "left" },
      hovermode: "closest", dragmode: false,
      ...more(axis),
    };
  }

  function drawPareto(place, width) {
    const chart = data.paretos[Number(place.dataset.pareto)];
    const rows = chart.values.map((_, at) => at);
    const narrow = width < NARROW;
    const labels = chart.labels.map((label, at) => (narrow ? String(at + 1) : label));
    const colours = rows.map((at) => (chart.vital === 0 || at < chart.vital ? token("bar") : token("bar-rest")));
    const hover = chart.titles.map((title, at) => `${title}<br>${chart.values[at]} · ${chart.cumulative[at]} %`);
    const traces = [
      {
        type: "bar", orientation: "h", y: rows, x: chart.values, marker: { color: colours },
        hovertext: hover, hoverinfo: "text", cliponaxis: false,
        text: chart.values.map(String), textposition: "outside", textfont: { color: token("ink") },
      },
      {
        type: "scatter", mode: "lines+markers", y: rows, x: chart.cumulative, xaxis: "x2",
        line: { color: token("curve"), width: 2 }, marker: { color: token("curve"), size: 6 },
        hovertext: hover, hoverinfo: "text",
      },
    ];
    const most = Math.max(...chart.values);
    const shown = layout(width, (axis) => ({
      height: 110 + 30 * rows.length,
      margin: { l: 20, r: 24, t: 50, b: 46 },
      showlegend: false, bargap: 0.3,
      yaxis: { ...axis, range: [rows.length - 0.5, -0.5], tickvals: rows, ticktext: labels, showgrid: false, zeroline: false, ticks: "" },
      xaxis: { ...axis, title: { text: chart.axis, standoff: 6 }, range: [0, most * 1.12], tickformat: "~s", nticks: 6 },
      xaxis2: {
        ...axis, overlaying: "x", side: "top", range: [0, 112], tickvals: SHARES, ticktext: SHARES.map((tick) => `${tick} %`),
        showgrid: false, title: { text: data.axis_cumulative, standoff: 4 },
      },
      shapes: [{
        type: "line", xref: "x2", yref: "paper", x0: 80, x1: 80, y0: 0, y1: 1,
        line: { color: token("curve"), width: 1.5, dash: "dash" },
      }],
    }));
    Plotly.react(place, traces, shown, { displayModeBar: false, responsive: false });
    place.removeAllListeners("plotly_click");
    place.on("plotly_click", (event) => {
      const target = chart.targets[event.points[0].pointIndex];
      if (target) location.hash = target;
    });
  }

  function drawDays(place, width) {
    const traces = data.days.stacks.map((stack) => ({
      type: "bar", x: data.days.dates, y: stack.counts, name: stack.label, marker: { color: stack.colour },
      hovertemplate: "%{x}: %{y}",
    }));
    const shown = layout(width, (axis) => ({
      height: 380, barmode: "stack", bargap: 0.15, showlegend: true,
      margin: { l: 46, r: 12, t: 10, b: 40 },
      legend: { orientation: "h", y: -0.14, yanchor: "top", x: 0, traceorder: "normal", itemclick: false, itemdoubleclick: false },
      xaxis: { ...axis, type: "date", tickformat: "%m-%d", showgrid: false, nticks: Math.max(4, Math.floor(width / 80)) },
      yaxis: { ...axis, title: { text: data.axis_tickets, standoff: 8 }, rangemode: "tozero", tickformat: "d" },
    }));
    Plotly.react(place, traces, shown, { displayModeBar: false, responsive: false });
    place.removeAllListeners("plotly_click");
    place.on("plotly_click", (event) => {
      if (data.days.unit === "day") location.hash = `day-${data.days.dates[event.points[0].pointIndex]}`;
    });
  }

  function draw() {
    for (const place of document.querySelectorAll(".chart")) {
      if (place.closest("[hidden]")) continue;
      const width = printing ? PRINTED : place.clientWidth;
      if ("pareto" in place.dataset) drawPareto(place, width);
      else drawDays(place, width);
    }
  }

  function print(begins) {
    printing = begins;
    // Paper is white also where the screen is dark.
    document.documentElement.classList.toggle("printing", begins);
    draw();
  }

  function choose() {
    const value = (name) => document.querySelector(`input[name=${name}]:checked`)?.value;
    for (const figure of document.querySelectorAll(".pareto")) {
      figure.hidden = figure.dataset.of !== value("of") || figure.dataset.by !== value("by");
    }
    draw();
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const own = target.id === "all" ? target.querySelector("details") : null;
    for (let part = own ?? target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
  }

  for (const switches of document.querySelectorAll(".switches")) {
    switches.hidden = false;
    switches.addEventListener("change", choose);
  }
  addEventListener("hashchange", reveal);
  // A link to where one already is changes no hash.
  addEventListener("click", (event) => {
    if (event.target.closest?.(`a[href="${location.hash}"]`)) reveal();
  });
  let seen = document.documentElement.clientWidth;
  addEventListener("resize", () => {
    if (printing || seen === document.documentElement.clientWidth) return;
    seen = document.documentElement.clientWidth;
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  choose();
  if (location.hash) reveal();
})();
