"use strict";
(() => {
  const T = {
    en: { skip: "Skip to the matrix", title: "Connectathon", passed: "green", failed: "red", incomplete: "incomplete", open: "to come", running: "running",
      party: "Party", scenario: "Scenario", token: "Token", big: "Big screen", matrix: "Matrix", axes: "servers down, clients across; one mark a scenario",
      findings: "Findings", feed: "Exchanges", unmatchedOnly: "only what matched nothing", close: "Close", all: "all", server: "server", client: "client",
      cells: "cells", claim: "Claim", fix: "Mark fixed", retest: "Retest", st_open: "open", st_claimed: "claimed", st_fixed: "fixed", st_retested: "retested",
      evidence: "Evidence: request, answer and every assert", attempts: "attempts (no connection at first)", planted: "planted", none: "no findings",
      refused: "not allowed: give the token of the party, or of the board", notyet: "not run yet", lost: "the board is gone; trying again", ms: "ms", line: "line",
      hidden: "What was found is shown to its own parties: give the token of one", matchedNothing: "matched nothing", nearly: "nearly", notEvaluated: "not evaluated", copy: "snapshot of",
      start: "Start page", startNone: "Give the token of your party (top right) to see where to begin", steps: "What to do first", addresses: "Your addresses", done: "Done",
      tokens: "Your access tokens of the test persons", sent: "noted: the cell is judged now", idle: "nothing is waiting there",
      gone: "the client comes itself: it asks again, and the cell begins anew", ask: "to ask",
      s_live: ["Take one of your addresses below: it is the FHIR base URL of one server in one scenario, and yours alone.",
        "Send what stands beside it, with the token of the test person that the scenario names.",
        "Your cell fills in as soon as all of it came; Done judges what came so far. Ask again and the cell begins anew."],
      s_played: ["keur plays you here: there is nothing to do but to look."],
      s_simulated: ["keur simulates you here: there is nothing to do but to look."],
      "s_own-tokens": ["Keep your server reachable at the address below; keur and the clients use the access tokens that you gave.", "Look at your row, claim what is red, mark it fixed, and ask for a retest."],
      "s_script-tokens": ["Keep your server reachable at the address below, with the test persons and the tokens of the scripts loaded.", "Look at your row, claim what is red, mark it fixed, and ask for a retest."],
      t_party: "with your own tokens, below", t_server: "with the tokens of that server" },
    nl: { skip: "Naar de matrix", title: "Connectathon", passed: "groen", failed: "rood", incomplete: "onvolledig", open: "te gaan", running: "bezig",
      party: "Partij", scenario: "Scenario", token: "Token", big: "Groot scherm", matrix: "Matrix", axes: "servers omlaag, clients opzij; een teken per scenario",
      findings: "Bevindingen", feed: "Uitwisselingen", unmatchedOnly: "alleen wat nergens bij paste", close: "Sluiten", all: "alle", server: "server", client: "client",
      cells: "cellen", claim: "Oppakken", fix: "Hersteld melden", retest: "Hertesten", st_open: "open", st_claimed: "opgepakt", st_fixed: "hersteld", st_retested: "hertest",
      evidence: "Bewijs: verzoek, antwoord en elke assert", attempts: "pogingen (eerst geen verbinding)", planted: "ingebouwd", none: "geen bevindingen",
      refused: "niet toegestaan: geef het token van de partij, of van het bord", notyet: "nog niet gedraaid", lost: "het bord is weg; probeert opnieuw", ms: "ms", line: "regel",
      hidden: "Wat er gevonden is zien alleen de eigen partijen: geef het token van een daarvan", matchedNothing: "paste nergens bij", nearly: "bijna", notEvaluated: "niet beoordeeld", copy: "momentopname van",
      start: "Startpagina", startNone: "Geef het token van uw partij (rechtsboven) om te zien waar u begint", steps: "Wat u eerst doet", addresses: "Uw adressen", done: "Klaar",
      tokens: "Uw toegangstokens van de testpersonen", sent: "genoteerd: de cel wordt nu beoordeeld", idle: "daar wacht niets",
      gone: "de client komt zelf: die vraagt opnieuw, en de cel begint opnieuw", ask: "te vragen",
      s_live: ["Neem een van uw adressen hieronder: het is de FHIR-basis-URL van een server in een scenario, en alleen van u.",
        "Stuur wat ernaast staat, met het token van de testpersoon die het scenario noemt.",
        "Uw cel vult zich zodra alles gekomen is; Klaar beoordeelt wat er tot nu toe kwam. Vraag opnieuw en de cel begint opnieuw."],
      s_played: ["keur speelt u hier: er is niets te doen dan kijken."],
      s_simulated: ["keur simuleert u hier: er is niets te doen dan kijken."],
      "s_own-tokens": ["Houd uw server bereikbaar op het adres hieronder; keur en de clients gebruiken de toegangstokens die u gaf.", "Kijk naar uw rij, pak op wat rood is, meld het hersteld en vraag een hertest."],
      "s_script-tokens": ["Houd uw server bereikbaar op het adres hieronder, met de testpersonen en de tokens van de scripts erin.", "Kijk naar uw rij, pak op wat rood is, meld het hersteld en vraag een hertest."],
      t_party: "met uw eigen tokens, hieronder", t_server: "met de tokens van die server" },
  };
  const GLYPH = { passed: "✓", failed: "✗", incomplete: "?", running: "•", open: "" };
  const $ = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const frozen = window.KEUR_SNAPSHOT || null;
  let state = null, lang = "en", focus = [0, 0], marks = [], buttons = [], dirty = false, shown = null, findingsTimer = 0;
  const t = (key) => T[lang][key] || key;
  const headers = () => { const token = $("token").value.trim(); return token ? { Authorization: "Bearer " + token } : {}; };

  const verdictOf = (cell) => cell.running ? "running" : cell.verdict || "open";

  function words() {
    document.documentElement.lang = lang;
    for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
    $("lang").textContent = lang === "en" ? "NL" : "EN";
    $("lang").setAttribute("aria-label", lang === "en" ? "Nederlands" : "English");
    $("legend").replaceChildren(...["passed", "failed", "incomplete", "running", "open"].map((v) =>
      make("span", {}, make("i", { class: v, "aria-hidden": "true" }, GLYPH[v]), " " + t(v))));
    const options = (select, names) => {
      const value = select.value;
      select.replaceChildren(make("option", { value: "" }, t("all")), ...names.map((name) => make("option", { value: name }, name)));
      select.value = value;
    };
    if (state) {
      options($("f-party"), [...state.servers, ...state.clients]);
      options($("f-scenario"), state.scenarios);
      if (state.title) document.querySelector("h1 [data-t]").textContent = state.title;
    }
  }

  function build() {
    const head = make("tr", { role: "row" }, make("td"), ...state.clients.map((name) => make("th", { scope: "col", title: name }, make("span", {}, name))));
    $("grid").tHead.replaceChildren(head);
    marks = []; buttons = [];
    const pairs = new Map();
    state.cells.forEach((cell, place) => {
      const key = cell.s * state.clients.length + cell.c;
      if (!pairs.has(key)) pairs.set(key, []);
      pairs.get(key).push(place);
    });
    const rows = state.servers.map((server, s) => {
      const row = make("tr", { role: "row" }, make("th", { scope: "row", title: server }, server));
      buttons.push([]);
      state.clients.forEach((client, c) => {
        const places = (pairs.get(s * state.clients.length + c) || []).sort((a, b) => state.cells[a].n - state.cells[b].n);
        const button = make("button", { type: "button", tabindex: s + c === 0 ? "0" : "-1" });
        for (const place of places) { const mark = make("i", { "aria-hidden": "true" }); marks[place] = mark; button.append(mark); }
        button.addEventListener("click", () => { move(s, c, false); open(places); });
        button.places = places;
        buttons[s].push(button);
        row.append(make("td", { role: "gridcell" }, button));
      });
      return row;
    });
    $("grid").tBodies[0].replaceChildren(...rows);
    state.cells.forEach((_, place) => paint(place));
    count();
  }

  function paint(place) {
    const cell = state.cells[place], mark = marks[place];
    if (!mark) return;
    const verdict = verdictOf(cell);
    mark.className = verdict + (cell.attempts > 1 ? " again" : "");
    mark.textContent = GLYPH[verdict];
    const button = mark.parentElement;
    const said = button.places.map((p) => `${state.scenarios[state.cells[p].n]} ${t(verdictOf(state.cells[p]))}`).join(", ");
    button.setAttribute("aria-label", `${state.servers[cell.s]}, ${state.clients[cell.c]}: ${said}`);
    button.title = said;
  }

  function count() {
    const scenario = $("f-scenario").value, party = $("f-party").value;
    const n = { passed: 0, failed: 0, incomplete: 0, open: 0 };
    const wanted = (cell) => (!scenario || state.scenarios[cell.n] === scenario) && (!party || state.servers[cell.s] === party || state.clients[cell.c] === party);
    for (const cell of state.cells) if (wanted(cell)) n[cell.verdict || "open"]++;
    for (const key of Object.keys(n)) $("n-" + key).textContent = n[key].toLocaleString(lang);
    const all = n.passed + n.failed + n.incomplete + n.open, done = all - n.open, part = all ? Math.round(100 * done / all) : 0;
    $("bar").firstElementChild.style.width = part + "%";
    $("bar").setAttribute("aria-valuenow", part);
  }

  function filter() {
    const scenario = $("f-scenario").value, party = $("f-party").value;
    state.cells.forEach((cell, place) => { if (marks[place]) marks[place].style.display = !scenario || state.scenarios[cell.n] === scenario ? "" : "none"; });
    buttons.forEach((row, s) => row.forEach((button, c) => button.classList.toggle("dim", !!party && state.servers[s] !== party && state.clients[c] !== party)));
    count(); feed(); findings();
  }

  function move(s, c, go = true) {
    const old = buttons[focus[0]]?.[focus[1]], next = buttons[s]?.[c];
    if (!next) return;
    if (old) old.tabIndex = -1;
    next.tabIndex = 0; focus = [s, c];
    if (go) next.focus();
  }

  $("grid").addEventListener("keydown", (event) => {
    const [s, c] = focus;
    const to = { ArrowUp: [s - 1, c], ArrowDown: [s + 1, c], ArrowLeft: [s, c - 1], ArrowRight: [s, c + 1], Home: [s, 0], End: [s, state.clients.length - 1] }[event.key];
    if (to) { event.preventDefault(); move(...to); }
  });

  async function cell(place) {
    if (frozen) return frozen.outcomes[place] || null;
    const answer = await fetch(`cell/${place}.json`, { headers: headers() });
    return answer.ok ? answer.json() : null;
  }

  async function open(places) {
    if (!places.length) return;
    const first = state.cells[places[0]];
    $("d-title").textContent = `${state.servers[first.s]} ← ${state.clients[first.c]}`;
    $("d-body").replaceChildren();
    if (!$("detail").open) $("detail").showModal();
    shown = places;
    const articles = await Promise.all(places.map(async (place) => {
      const c = state.cells[place], verdict = verdictOf(c), title = make("h3", {}, state.scenarios[c.n], make("span", { class: "v " + verdict }, t(verdict)));
      const article = make("article", {}, title);
      const outcome = c.verdict ? await cell(place) : null;
      if (!outcome) { article.append(make("p", {}, t("notyet"))); return article; }
      title.append(make("span", { class: "chip" }, `${t("server")}: ${t(outcome.server_verdict)}`), make("span", { class: "chip" }, `${t("client")}: ${t(outcome.client_verdict)}`));
      if (outcome.attempts > 1) title.append(make("span", { class: "chip" }, `${outcome.attempts} ${t("attempts")}`));
      if (outcome.planted_defect) article.append(make("p", {}, `${t("planted")}: `, make("code", {}, outcome.planted_defect)));
      if (outcome.hidden) article.append(make("p", {}, t("hidden")));
      const list = make("ul");
      // What was not evaluated for one reason is said once.
      const open = new Map();
      for (const f of outcome.failures || []) {
        if (f.verdict !== "failed") { const key = f.owner + f.message; open.set(key, { f, n: (open.get(key)?.n || 0) + 1 }); continue; }
        list.append(make("li", {}, make("b", {}, f.owner === "server" ? state.servers[c.s] : state.clients[c.c]), ` ${f.title}`, make("br"), f.message,
          f.path ? make("code", {}, " " + f.path) : null, make("br"), make("span", { class: "small" }, `${f.code} · ${f.script}:${f.line}`)));
      }
      for (const { f, n } of open.values()) {
        list.append(make("li", {}, make("b", {}, f.owner === "server" ? state.servers[c.s] : state.clients[c.c]), ` ${t("notEvaluated")} (${n}${(outcome.failures || []).length > 11 ? "+" : ""})`, make("br"), f.message,
          make("br"), make("span", { class: "small" }, `${f.code} · ${f.script}`)));
      }
      if (list.children.length) article.append(list);
      const acts = make("div", { class: "acts" });
      if (!frozen && !outcome.hidden) {
        const evidence = make("button", { type: "button" }, t("evidence"));
        evidence.addEventListener("click", () => report(place));
        acts.append(evidence);
      }
      if (state.acts && !frozen) acts.append(action(t("retest"), `cell/${place}/retest`));
      article.append(acts);
      return article;
    }));
    $("d-body").replaceChildren(...articles);
  }

  async function report(place) {
    const tab = window.open("", "_blank");
    const answer = await fetch(`cell/${place}/report?lang=${lang}`, { headers: headers() });
    if (!answer.ok) { tab?.close(); say(t("refused")); return; }
    const url = URL.createObjectURL(new Blob([await answer.text()], { type: "text/html" }));
    if (tab) tab.location = url; else location.href = url;
  }

  function action(label, path, said, conflict) {
    const button = make("button", { type: "button" }, label);
    button.addEventListener("click", async () => {
      const answer = await fetch(path, { method: "POST", headers: headers() });
      if (answer.ok && said) say(said);
      if (!answer.ok) say(answer.status === 409 ? conflict || t("gone") : t("refused"));
      findings();
    });
    return button;
  }

  async function start() {
    const answer = await fetch("start.json", { headers: headers() });
    if (!answer.ok) return;
    const { parties } = await answer.json(), wanted = $("f-party").value;
    shown = null;
    $("d-title").textContent = t("start");
    const pages = parties.filter((p) => !wanted || p.name === wanted).sort((a, b) => (b.how === "live") - (a.how === "live"));
    $("d-body").replaceChildren(...(pages.length ? pages.map(page) : [make("p", {}, t("startNone"))]));
    if (!$("detail").open) $("detail").showModal();
  }

  function page(party) {
    const steps = make("ol", { class: "steps" }, ...t("s_" + party.how).map((step) => make("li", {}, step)));
    const article = make("article", {}, make("h3", {}, party.name, make("span", { class: "chip" }, t(party.side))), make("p", {}, make("b", {}, t("steps"))), steps);
    if (party.base && party.how !== "simulated") article.append(make("p", {}, make("code", {}, party.base)));
    if (party.scenarios) article.append(make("p", { class: "small" }, party.scenarios.join(" · ")));
    if (party.tokens && party.tokens.length) {
      article.append(make("p", {}, make("b", {}, t("tokens"))), make("dl", { class: "tokens" },
        ...party.tokens.flatMap((p) => [make("dt", {}, p.person), make("dd", {}, make("code", {}, p.token))])));
    }
    if (party.addresses) {
      article.append(make("p", {}, make("b", {}, t("addresses"))), ...party.addresses.map((a) => make("div", { class: "address" },
        make("p", {}, make("b", {}, `${a.server} · ${a.scenario}`), make("span", { class: "small" }, ` ${t("t_" + a.tokens)}`)),
        make("p", {}, make("code", {}, a.base)),
        make("p", { class: "small" }, `${t("ask")}: `, make("code", {}, a.requests.join(", "))),
        make("div", { class: "acts" }, action(t("done"), `cell/${a.place}/done`, t("sent"), t("idle"))))));
    }
    return article;
  }

  let saying = 0;
  function say(text) { $("status").textContent = text; clearTimeout(saying); saying = setTimeout(() => { $("status").textContent = ""; }, 4000); }

  function later() { if (!findingsTimer) findingsTimer = setTimeout(() => { findingsTimer = 0; findings(); }, 700); }

  async function findings() {
    let all = frozen && frozen.findings;
    if (!all) {
      const answer = await fetch("findings.json", { headers: headers() }).catch(() => null);
      if (!answer || !answer.ok) return;
      all = await answer.json();
    }
    const party = $("f-party").value, scenario = $("f-scenario").value;
    const wanted = all.findings.filter((f) => (!party || f.owner === party) && (!scenario || f.cells.some((c) => c.scenario === scenario)));
    const openOnes = wanted.filter((f) => f.state !== "retested").length;
    $("n-findings").textContent = `${openOnes} open / ${wanted.length}`;
    const kept = $("findings").scrollTop;
    $("findings").replaceChildren(...(wanted.length ? wanted.map((f) => {
      const acts = make("div", { class: "acts" });
      if (state.acts && !frozen) {
        if (f.state === "open") acts.append(action(t("claim"), `findings/${f.id}/claim`));
        if (f.state === "open" || f.state === "claimed") acts.append(action(t("fix"), `findings/${f.id}/fixed`));
        if (f.state !== "retested") acts.append(action(t("retest"), `findings/${f.id}/retest`));
      }
      return make("li", { class: f.state, "data-id": f.id },
        make("div", { class: "who" }, f.owner, make("span", { class: "chip" }, t("st_" + f.state)), make("span", { class: "chip" }, `${f.cells.length} ${t("cells")}`)),
        make("p", {}, f.title), make("p", { class: "small" }, f.message), make("p", { class: "small" }, `${f.id} · ${f.code}${f.path ? " · " + f.path : ""}`), acts);
    }) : [make("li", { class: "retested" }, t("none"))]));
    $("findings").scrollTop = kept;
    burn(all.history || []);
  }

  function burn(history) {
    if (history.length < 2) return;
    const from = Date.parse(history[0].at), to = Math.max(Date.parse(history[history.length - 1].at), from + 1);
    const top = Math.max(1, ...history.map((h) => h.open));
    const points = history.map((h) => `${(300 * (Date.parse(h.at) - from) / (to - from)).toFixed(1)},${(46 - 44 * h.open / top).toFixed(1)}`);
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("points", points.join(" "));
    $("burn").replaceChildren(line);
  }

  function feed() {
    const party = $("f-party").value, scenario = $("f-scenario").value, unmatched = $("only-unmatched").checked;
    const wanted = state.feed.filter((i) => (!party || i.server === party || i.client === party) && (!scenario || i.scenario === scenario) && (!unmatched || i.kind === "unmatched" || i.kind === "held"));
    $("feed").replaceChildren(...wanted.slice(-60).reverse().map((i) => make("li", { class: i.kind },
      make("span", { class: "meta" }, `${i.at.slice(11, 19)} ${i.client ? i.client + " → " : ""}${i.server} `),
      make("br"), i.status ? `${i.status} ` : i.kind === "unmatched" ? t("matchedNothing") + ": " : i.kind === "held" ? t("nearly") + ": " : "", make("code", {}, i.text),
      i.micros ? make("span", { class: "meta" }, ` ${(i.micros / 1000).toFixed(1)} ${t("ms")}`) : null)));
  }

  function draw() { if (!dirty) return; dirty = false; count(); feed(); }
  setInterval(draw, 250);

  function listen() {
    const events = new EventSource("events");
    events.addEventListener("cell", (event) => {
      const news = JSON.parse(event.data), known = state.cells[news.place];
      Object.assign(known, { running: news.running, verdict: news.verdict, attempts: news.attempts });
      if (news.at && !news.running) marks[news.place]?.setAttribute("data-at", news.at);
      paint(news.place); dirty = true;
      if (!news.running) later();
      if (!news.running && $("detail").open && shown && shown.includes(news.place)) open(shown);
    });
    events.addEventListener("feed", (event) => { state.feed.push(JSON.parse(event.data)); if (state.feed.length > 300) state.feed.splice(0, 100); dirty = true; });
    events.addEventListener("findings", later);
    // Some news was missed: everything is asked again.
    events.addEventListener("lagged", load);
    let gone = false;
    events.onerror = () => { gone = true; say(t("lost")); };
    events.onopen = () => { if (gone) { gone = false; load(); } };
  }

  async function load() {
    const answer = frozen ? null : await fetch("state.json", { headers: headers() });
    state = frozen ? frozen.state : await answer.json();
    words(); build(); filter();
  }

  for (const id of ["f-party", "f-scenario"]) $(id).addEventListener("change", filter);
  $("only-unmatched").addEventListener("change", feed);
  $("lang").addEventListener("click", () => { lang = lang === "en" ? "nl" : "en"; words(); state.cells.forEach((_, place) => paint(place)); count(); findings(); feed(); });
  $("big").addEventListener("click", () => { const on = document.body.classList.toggle("big"); $("big").setAttribute("aria-pressed", on); });
  $("start").addEventListener("click", start);
  $("d-close").addEventListener("click", () => $("detail").close());
  $("tools").addEventListener("submit", (event) => event.preventDefault());
  $("token").addEventListener("change", () => { sessionStorage.setItem("keur-token", $("token").value); load(); });
  $("token").value = sessionStorage.getItem("keur-token") || "";
  (async () => {
    lang = frozen ? frozen.state.lang : (new URLSearchParams(location.search).get("lang") || "");
    if (location.search.includes("big")) $("big").click();
    if (!T[lang]) lang = "en";
    await load();
    if (!frozen && !new URLSearchParams(location.search).get("lang") && T[state.lang] && state.lang !== lang) { lang = state.lang; words(); }
    if (frozen) { document.querySelector(".token").remove(); $("start").remove(); $("status").textContent = `${t("copy")} ${frozen.at}`; }
    else listen();
  })();
})();
