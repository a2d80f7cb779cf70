/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The status page. Messages of /api/live say that something has changed; then the rows that are looked at, and no
 * others, are asked for: vipd filters and sorts, so the page is as quick with 100,000 servers as with ten. Without
 * /api/live (too many look at it, something in between does not pass it on) the page polls.
 */
"use strict";

const POLL_MS = 5000;     // without messages
const SILENCE_MS = 15000; // the longest time without a message: vipd speaks every 5 s
const RETRY_MS = 2000;    // from a lost connection to the next try
const TYPING_MS = 150;
const EVENTS_N = 100;

const $ = (id) => document.getElementById(id);

function make(name, cls, ...children) {
  const el = document.createElement(name);
  if (cls) el.className = cls;
  el.append(...children);
  return el;
}

/* ---- texts of numbers ---- */

function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return s + "s";
  if (s < 3600) return Math.floor(s / 60) + "m" + two(s % 60) + "s";
  if (s < 86400) return Math.floor(s / 3600) + "h" + two(Math.floor(s % 3600 / 60)) + "m";
  return Math.floor(s / 86400) + "d" + two(Math.floor(s % 86400 / 3600)) + "h";
}
const age = (since) => since ? span(now() - since) : "-";

function short(n, units = ["", "k", "M", "G", "T"]) {
  let i = 0;
  while (n >= 999.5 && i < units.length - 1) { n /= 1000; i++; }
  return (i && n < 99.95 ? n.toFixed(1) : String(Math.round(n))) + units[i];
}
const bits = (bytes) => short(bytes * 8, [" bit/s", " kbit/s", " Mbit/s", " Gbit/s", " Tbit/s"]);
const count = (n, one, many) => n.toLocaleString("en") + " " + (n === 1 ? one : many || one + "s");

/* ---- what is looked at ---- */

let skew = 0; // seconds that the browser's clock is behind vipd's
const now = () => Date.now() / 1000 + skew;

const KIND = {
  up: "good", ACTIVE: "good", ready: "good", down: "bad", FAULT: "bad", BACKUP: "none", drain: "warn", maint: "warn",
};
function pill(word) { return make("span", "pill " + (KIND[word] || "none"), word); }

function share(part, all) {
  const bar = make("i"), box = make("span", "share" + (all && !part ? " none-left" : part < all ? " some" : ""), bar);
  bar.style.width = (all ? 100 * part / all : 0) + "%";
  return make("span", "", box, part + "/" + all);
}

/* A bar for each of the last results, the oldest first: its height is how long it took, on a logarithmic scale. */
function spark(results) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = { up: "", down: "", odd: "" };
  results.slice().reverse().forEach((r, i) => {
    const kind = r.reason.endsWith("OK") ? "up" : /^(SOCKERR|UNKNOWN|NONE)$/.test(r.reason) ? "odd" : "down";
    const h = kind === "down" ? 16 : Math.min(16, 3 + 2.6 * Math.log10(1 + r.duration_us / 100));
    path[kind] += "M" + (4 * (20 - results.length + i)) + " 16v" + (-h).toFixed(1) + "h3v" + h.toFixed(1) + "z";
  });
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", "0 0 80 16");
  for (const kind in path) {
    const p = document.createElementNS("http://www.w3.org/2000/svg", "path");
    p.setAttribute("class", kind);
    p.setAttribute("d", path[kind]);
    svg.append(p);
  }
  return svg;
}

function reason(o) { return o.reason ? o.reason + (o.code ? " " + o.code : "") : "-"; }
function note(o) {
  return o.sorry_server ? "the sorry server has its traffic" : o.panic ? "panic: so many fail that none is taken out"
    : o.suspended ? "suspended: its address is not here" : "";
}
const rate = (o) => o.traffic ? short(o.traffic.connections_s) : "-";

/* Columns: title, order that is asked for, class, text of a cell, and an element when it is more than its text. */
const TABLES = {
  vrrp: {
    line: "vrrp_instance", rows: 12, key: (o) => o.name,
    columns: [
      ["state", "state", "", (o) => o.state, (o) => pill(o.state)],
      ["instance", "name", "main", (o) => o.name],
      ["for", "since", "n", (o) => age(o.since)],
      ["priority", "priority", "n", (o) => o.priority + (o.priority !== o.base_priority ? " (" + o.base_priority + ")" : "")],
      ["interface", "interface", "mid", (o) => o.interface || "-"],
      ["id", "", "n wide", (o) => String(o.virtual_router_id)],
      ["addresses", "", "n wide", (o) => String(o.addresses)],
      ["heard last", "", "mid", (o) => o.peer ? o.peer.address + " (" + o.peer.priority + "), " + age(o.peer.heard) + " ago" : "-"],
      ["why", "", "why", (o) => (o.fault || o.why || "").replaceAll("_", " ")]],
  },
  services: {
    line: "virtual_server", rows: 12, key: (o) => o.name, open: ofService,
    columns: [
      ["quorum", "state", "", (o) => o.quorum, (o) => pill(o.quorum)],
      ["service", "name", "main", (o) => o.name],
      ["address", "", "mid", (o) => o.address + " " + o.protocol],
      ["for", "since", "n mid", (o) => age(o.since)],
      ["servers up", "up", "", (o) => o.servers.up + "/" + o.servers.total, (o) => share(o.servers.up, o.servers.total)],
      ["weight", "weight", "n mid", (o) => o.up_weight + " of " + o.total_weight],
      ["needs", "", "n wide", (o) => String(o.quorum_weight)],
      ["conn/s", "rate", "n", rate],
      ["in", "bytes", "n wide", (o) => o.traffic ? bits(o.traffic.bytes_in_s) : "-"],
      ["out", "bytes", "n wide", (o) => o.traffic ? bits(o.traffic.bytes_out_s) : "-"],
      ["scheduler", "", "wide", (o) => o.scheduler + ", " + o.method],
      ["", "", "why", note]],
  },
  servers: {
    line: "real_server", rows: 50, key: (o) => o.service + " " + o.name, open: explain,
    columns: [
      ["state", "state", "", (o) => o.state, (o) => pill(o.state)],
      ["server", "name", "main", (o) => o.name],
      ["service", "service", "mid", (o) => o.service],
      ["for", "since", "n", (o) => age(o.since)],
      ["reason", "reason", "", reason],
      ["last checks", "duration", "mid", (o) => JSON.stringify(o.results), (o) => spark(o.results)],
      ["last", "", "n wide", (o) => o.results.length ? age(o.results[0].at) + " ago" : "-"],
      ["took", "duration", "n wide", (o) => (o.duration_us / 1000).toFixed(1) + " ms"],
      ["weight", "weight", "n mid", (o) => o.weight + (o.ramp_percent < 100 ? " (" + o.ramp_percent + "%)" : "")],
      ["table", "", "wide", (o) => o.table.replace("_", " ")],
      ["open", "active", "n mid", (o) => o.traffic ? short(o.traffic.active) : "-"],
      ["conn/s", "rate", "n wide", rate],
      ["", "", "why mid", (o) => o.state === "down" || o.state === "unknown" ? o.text : ""]],
  },
};

/* What is asked for of each table; it stands in the address, so that a link shows the same. */
const view = {};
for (const id in TABLES) view[id] = { match: "", service: "", state: "", sort: "trouble", reverse: "", first: 0 };

function readAddress() {
  for (const [k, v] of new URLSearchParams(location.hash.slice(1))) {
    const [id, name] = k.split(".");
    if (view[id] && name in view[id]) view[id][name] = name === "first" ? Number(v) || 0 : v;
  }
  for (const el of document.querySelectorAll("[data-set]")) el.value = view[el.closest("section").id][el.dataset.set];
}
function writeAddress() {
  const q = new URLSearchParams();
  for (const id in view)
    for (const [k, v] of Object.entries(view[id])) if (v && !(k === "sort" && v === "trouble")) q.set(id + "." + k, v);
  history.replaceState(null, "", q.size ? "#" + q : location.pathname);
}
function change(id, what) {
  const inputs = $(id).querySelectorAll("[data-set]");
  for (const el of inputs) view[id][el.dataset.set] = el.value; // also what is just being typed
  Object.assign(view[id], { first: 0 }, what);
  for (const el of inputs) el.value = view[id][el.dataset.set];
  writeAddress();
  refresh();
}
function ofService(o) {
  change("servers", { service: o.name, match: "", state: "" });
  $("servers").scrollIntoView();
}

/* ---- tables ---- */

const data = {};   // the last answer for each table
const drawn = {};  // its rows by key: { tr, texts, more }
const opened = {}; // keys of rows that are explained -> what is known

function head(id) {
  const row = make("tr");
  for (const [title, sort, cls] of TABLES[id].columns) {
    const th = make("th", cls, title), v = view[id];
    if (sort) {
      const turn = () => change(id, v.sort !== sort ? { sort, reverse: "" } : v.reverse ? { sort: "trouble", reverse: "" } : { reverse: "1" });
      th.tabIndex = 0;
      th.title = "sort; once more: the other way; once more: trouble first";
      if (v.sort === sort) th.setAttribute("aria-sort", v.reverse ? "descending" : "ascending");
      th.onclick = turn;
      th.onkeydown = (e) => { if (e.key === "Enter") turn(); };
    }
    row.append(th);
  }
  return make("thead", "", row);
}

/* Only cells whose text has changed are made anew: what somebody marks with the mouse stays. */
function fill(id, row, o) {
  TABLES[id].columns.forEach(([, , , text, element], i) => {
    const t = text(o);
    if (row.texts[i] === t) return;
    row.texts[i] = t;
    row.tr.cells[i].replaceChildren(element ? element(o) : t);
  });
  row.o = o;
}

function newRow(id, key) {
  const t = TABLES[id], row = { tr: make("tr"), texts: [] };
  for (const [, , cls] of t.columns) row.tr.append(make("td", cls));
  if (t.open) {
    row.tr.classList.add("row");
    row.tr.onclick = () => t.open(row.o, key);
  }
  return row;
}

function draw(id) {
  if (!data[id]) return;
  const t = TABLES[id], table = $(id).querySelector("table"), body = make("tbody"), rows = new Map();
  for (const item of data[id].items) {
    const o = item[t.line], key = t.key(o), row = drawn[id]?.get(key) || newRow(id, key);
    fill(id, row, o);
    rows.set(key, row);
    body.append(row.tr);
    if (id === "servers" && opened[key]) body.append(more(opened[key]));
  }
  if (!rows.size) {
    const td = make("td", "empty", "nothing fits what is asked for");
    td.colSpan = t.columns.length;
    body.append(make("tr", "", td));
  }
  drawn[id] = rows;
  table.replaceChildren(head(id), body);
  pages(id);
}

function pages(id) {
  const v = view[id], n = data[id].matches, last = Math.min(v.first + TABLES[id].rows, n), box = $(id).querySelector(".pages");
  const text = n ? (v.first + 1).toLocaleString("en") + "\u2013" + last.toLocaleString("en") + " of " + n.toLocaleString("en") : "0";
  if (box.dataset.text === text) return;
  const step = (sign, label, name, off) => {
    const b = make("button", "", label);
    b.type = "button";
    b.disabled = off;
    b.setAttribute("aria-label", name);
    b.onclick = () => change(id, { first: Math.max(0, v.first + sign * TABLES[id].rows) });
    return b;
  };
  box.dataset.text = text;
  box.replaceChildren(text);
  if (n > TABLES[id].rows) box.append(step(-1, "\u2039", "page before", !v.first), step(1, "\u203a", "next page", last >= n));
}

/* A server explained: what was set by hand, and each check with its last results. */
async function explain(o, key) {
  if (opened[key]) {
    delete opened[key];
    draw("servers");
    return;
  }
  opened[key] = { lines: [] };
  try {
    const quoted = o.name.replace(/[\[\]*?\\]/g, "\\$&"), service = o.service.replace(/[\[\]*?\\]/g, "\\$&");
    opened[key].lines = (await get("explain", { match: quoted, service })).items;
  } catch (e) {
    opened[key].error = e.message;
  }
  draw("servers");
}
function more(known) {
  const td = make("td"), row = make("tr", "more", td);
  td.colSpan = TABLES.servers.columns.length;
  if (known.error) td.append("vipd does not say more: " + known.error);
  for (const line of known.lines) {
    const o = line.real_server || {}, list = make("ul");
    td.append(make("p", "", "now: " + o.text + "; health " + o.health + ", by the administrator " + o.admin + ", in the table: " + o.table.replace("_", " ") +
      ", weight " + o.weight + " (configured " + o.configured_weight + ")"));
    if (o.traffic) td.append(make("p", "", short(o.traffic.connections) + " connections so far"));
    if (o.by_hand?.reason) td.append(make("p", "", "set by hand: " + o.by_hand.reason));
    for (const c of o.checks || []) {
      const words = c.results.slice(0, 8).map((r) => age(r.at) + " ago " + r.reason + (r.code ? " " + r.code : "") + " " + (r.duration_us / 1000).toFixed(1) + " ms");
      list.append(make("li", "", make("b", "", c.type), " " + c.health + ", " + c.text + ": " + (words.join("; ") || "not yet")));
    }
    td.append(list);
  }
  return row;
}

/* ---- status and events ---- */

function tile(id, what, counts, kinds) {
  const el = make("button", "tile"), stack = make("div", "stack"), list = make("div", "list"), bad = kinds.some(([k, c]) => c === "bad" && counts[k]);
  el.type = "button";
  if (bad) el.classList.add("bad");
  kinds.filter(([k]) => counts[k]).forEach(([k, c], i) => {
    const part = make("i", "fill-" + c);
    part.style.flexGrow = counts[k];
    stack.append(part);
    list.append(i ? ", " : "", make("span", c === "bad" ? "bad" : "", counts[k].toLocaleString("en") + " " + k));
  });
  el.append(make("b", "", counts.total.toLocaleString("en")), what, stack, list);
  el.onclick = () => $(id).scrollIntoView();
  return el;
}

function verdict(v, vs, rs) {
  const bad = [], warn = [];
  if (v.FAULT) bad.push(count(v.FAULT, "virtual router") + " in FAULT");
  if (vs.down) bad.push(count(vs.down, "service") + " without quorum");
  if (rs.down) bad.push(count(rs.down, "server") + " down");
  if (rs.maint) warn.push(rs.maint + " in maintenance");
  if (rs.drain) warn.push(rs.drain + " draining");
  if (rs.unknown) warn.push(rs.unknown + " not checked yet");
  const el = $("verdict");
  el.className = "verdict " + (bad.length ? (vs.down || v.FAULT ? "bad" : "warn") : warn.length ? "warn" : "good");
  el.textContent = bad.concat(warn).join(" \u00b7 ") || "All is well";
  return vs.down + v.FAULT + rs.down;
}

let version = "";
function showStatus(s) {
  const v = s.vrrp_instances, vs = s.virtual_servers, rs = s.real_servers, tiles = [];
  if (version && version !== s.version) location.reload();
  version = s.version;
  skew = s.started + s.uptime_s - Date.now() / 1000;
  const broken = verdict(v, vs, rs);
  document.title = (broken ? "(" + broken + ") " : "") + (s.router_id || "vipd");
  $("name").textContent = s.router_id || "vipd";
  $("head").textContent = "vipd " + s.version + " \u00b7 up " + span(s.uptime_s) + " \u00b7 configuration " + s.generation;
  if (v.total) tiles.push(tile("vrrp", "virtual routers", v, [["FAULT", "bad"], ["INIT", "none"], ["ACTIVE", "good"], ["BACKUP", "none"]]));
  if (vs.total) tiles.push(tile("services", "services", vs, [["down", "bad"], ["unknown", "none"], ["up", "good"]]));
  if (rs.total) tiles.push(tile("servers", "servers", rs, [["down", "bad"], ["unknown", "none"], ["drain", "warn"], ["maint", "warn"], ["up", "good"]]));
  $("tiles").replaceChildren(...tiles);
  $("vrrp").hidden = !v.total;
  $("services").hidden = $("servers").hidden = !vs.total;
}

function eventLine(e) {
  const at = new Date(e.time), what = make("span", KIND[e.to] ? "to-" + KIND[e.to] : "", e.to || e.what.replaceAll("_", " "));
  const li = make("li", "", make("time", "", at.toTimeString().slice(0, 8)), (e.server ? e.server + " of " : "") + e.name + " ");
  if (e.to && e.what !== "state") li.append(e.what.replaceAll("_", " ") + " ");
  li.append(what);
  if (e.reason) li.append(" " + e.reason + (e.code ? " " + e.code : ""));
  else if (e.weight !== undefined) li.append(" weight " + e.weight);
  li.title = e.time;
  return li;
}
function showEvents(list, isFirst) {
  const ol = $("events").querySelector("ol");
  if (isFirst) ol.replaceChildren();
  for (const e of list) ol.prepend(eventLine(e));
  while (ol.children.length > EVENTS_N) ol.lastChild.remove();
  $("events").hidden = !ol.children.length;
}

/* ---- asking ---- */

/* A pattern without * or ? is a part of a name. */
const pattern = (text) => text && !/[*?]/.test(text) ? "*" + text.replace(/[\[\]\\]/g, "\\$&") + "*" : text;

async function get(path, query = {}) {
  const q = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== "" && v !== undefined));
  const answer = await fetch("api/" + path + (q.size ? "?" + q : ""));
  if (!answer.ok && answer.status !== 400) throw new Error(answer.status + " " + answer.statusText);
  const o = await answer.json();
  if (o.error) throw new Error(o.error);
  return o;
}

async function load(id) {
  const v = view[id], exact = id === "servers" && v.service;
  const asked = { match: pattern(v.match), state: v.state, sort: v.sort, reverse: v.reverse, first: v.first, max: TABLES[id].rows };
  if (exact) asked.service = pattern(v.service);
  if (id === "servers") asked.results = "1";
  if (id !== "vrrp") asked.traffic = "1";
  data[id] = await get(id, asked);
  if (v.first && v.first >= data[id].matches) change(id, {}); // there are fewer now
  draw(id);
}

let busy = false, again = false;
async function refresh(withStatus) {
  if (busy) { again = true; return; }
  busy = true;
  try {
    if (withStatus) showStatus(await get("status"));
    await Promise.all(Object.keys(TABLES).filter((id) => !$(id).hidden).map(load));
    found();
    document.body.dataset.loads = Number(document.body.dataset.loads || 0) + 1;
  } catch (e) {
    lose(e.message);
  }
  busy = false;
  if (again) { again = false; refresh(); }
}

function how(word, text) {
  document.body.dataset.how = $("link").dataset.how = word;
  $("link").textContent = text;
}
function found() {
  $("lost").hidden = true;
  $("verdict").classList.remove("old");
}
let heard = 0; // when vipd was heard last, ms
function lose(why) {
  how("lost", "lost");
  $("lost").textContent = "vipd does not answer" + (heard ? ", last heard " + new Date(heard).toTimeString().slice(0, 8) : "") + ". What is shown is old. (" + why + ")";
  $("lost").hidden = false;
  $("verdict").classList.add("old");
}

/* ---- live ---- */

let stream = null, poll = 0, silence = 0;

function onState(message) {
  const m = JSON.parse(message.data);
  heard = Date.now();
  clearTimeout(silence);
  silence = setTimeout(() => hangUp("no word for " + SILENCE_MS / 1000 + " s"), SILENCE_MS);
  how("live", "live");
  showStatus(m.status);
  showEvents(m.events, m.is_first);
  refresh();
}
function hangUp() {
  stream?.close();
  stream = null;
  clearTimeout(silence);
  clearTimeout(poll);
  if (!document.hidden) pollOnce();
}
async function pollOnce() {
  await refresh(true);
  if (stream || document.hidden) return;
  if (document.body.dataset.how !== "lost") { how("poll", "polling"); heard = Date.now(); }
  poll = setTimeout(connect, document.body.dataset.how === "lost" ? RETRY_MS : POLL_MS);
}
function connect() {
  clearTimeout(poll);
  stream?.close();
  const s = stream = new EventSource("api/live");
  s.addEventListener("state", onState);
  s.onerror = () => { if (stream === s) hangUp(); };
}

/* ---- start ---- */

const root = document.documentElement;
function setTheme(t) {
  root.dataset.theme = t;
  try { localStorage.setItem("theme", t); } catch { /* not kept, then */ }
}
function ownTheme() {
  try { return localStorage.getItem("theme"); } catch { return null; }
}
root.dataset.theme = ownTheme() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
$("theme").onclick = () => setTheme(root.dataset.theme === "dark" ? "light" : "dark");

for (const section of document.querySelectorAll("section")) {
  const take = () => change(section.id, {});
  let typing = 0;
  for (const el of section.querySelectorAll("[data-set]"))
    el.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(take, el.tagName === "SELECT" ? 0 : TYPING_MS); });
}
onkeydown = (e) => {
  if (e.key !== "/" || /INPUT|SELECT/.test(document.activeElement.tagName) || $("servers").hidden) return;
  e.preventDefault();
  $("servers").querySelector("input").focus();
};
document.onvisibilitychange = () => { if (document.hidden) hangUp(); else connect(); };
onhashchange = () => { readAddress(); refresh(); };
setInterval(() => { if (!document.hidden) for (const id in data) draw(id); }, 1000);
readAddress();
connect();
