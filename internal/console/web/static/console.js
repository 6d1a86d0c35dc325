// What the pages do beyond HTML: take the token of a link out of the address, let clocks run, fetch parts of
// an incident that changed, and give frames the height of their text. Without it every page is complete.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const chinese = document.documentElement.lang.startsWith("zh");

  // ---- Sign-in by link: what stands behind # is never sent to a server; here it is also taken out of sight.
  function signInByLink() {
    if (!location.hash.startsWith("#token=")) return;
    const form = $("form[data-sign-in]");
    if (!form) {
      location.replace("/console/sign-in?next=" + encodeURIComponent(location.pathname + location.search) + location.hash);
      return;
    }
    let token = location.hash.slice("#token=".length);
    try { token = decodeURIComponent(token); } catch { /* it was not encoded */ }
    history.replaceState(null, "", location.pathname + location.search);
    form.elements.token.value = token;
    form.requestSubmit();
  }

  // ---- Clocks run by the server's time.
  let ahead = 0;
  const serverNow = () => Date.now() + ahead;
  const setTime = (iso) => { const at = Date.parse(iso); if (!Number.isNaN(at)) ahead = at - Date.now(); };

  function span(ms) {
    const s = Math.floor(Math.abs(ms) / 1000), days = Math.floor(s / 86400), hours = Math.floor(s / 3600) % 24, minutes = Math.floor(s / 60) % 60;
    const two = (n) => String(n).padStart(2, "0");
    if (days >= 10) return chinese ? `${days} 天` : `${days} d`;
    if (days > 0) return chinese ? `${days} 天 ${hours} 小时` : `${days} d ${hours} h`;
    if (hours > 0) return chinese ? `${hours} 小时 ${two(minutes)} 分` : `${hours} h ${two(minutes)} min`;
    if (s >= 300) return chinese ? `${minutes} 分` : `${minutes} min`;
    return `${two(minutes)}:${two(s % 60)}`;
  }

  const hour = 3600e3, limits = [[24 * hour, "day"], [4 * hour, "four"], [hour, "hour"]];
  const before = new Map(); // deadline -> what was left at the last look

  function runClocks() {
    for (const el of $$(".clock-left[data-due]")) {
      const due = el.dataset.due, left = Date.parse(due) - serverNow();
      const text = $("[data-span]", el), suffix = $("small", el);
      const shown = span(left), word = left < 0 ? el.dataset.late : el.dataset.left;
      if (text.textContent !== shown) text.textContent = shown;
      if (suffix.textContent !== word) suffix.textContent = word;
      el.classList.toggle("t-now", left < 4 * hour);
      el.classList.toggle("t-soon", left >= 4 * hour && left < 24 * hour);
      const was = before.get(due);
      before.set(due, left);
      if (was === undefined) continue;
      if (was >= 0 && left < 0) shout("overdue", nameOf(el));
      for (const [limit, key] of limits) if (was >= limit && left < limit && left >= 0) say(key, nameOf(el));
    }
  }
  const nameOf = (el) => {
    const row = el.closest("li, article");
    const name = row && $(".rail-name b, h2, h3", row);
    return name ? name.textContent : "";
  };

  // ---- Readers who do not see the page hear of what matters, at most once a minute.
  let saidAt = 0;
  function say(key, what) {
    const box = $("[data-say]");
    if (!box || Date.now() - saidAt < 60e3) return;
    saidAt = Date.now();
    box.textContent = `${box.dataset[key] || ""} ${what}`.trim();
  }
  function shout(key, what) {
    const box = $("[data-alert]");
    if (box) box.textContent = `${box.dataset[key] || ""} ${what}`.trim();
  }

  // ---- Parts that changed.
  const wanted = new Map(); // part -> version that the server has
  const held = new Map();   // part -> version that would make the page jump and waits to be asked for
  const loading = new Set();
  const forced = new Set();
  const part = (name) => $(`[data-part="${CSS.escape(name)}"]`);

  // inUse: what somebody works with is not taken away from under them.
  function inUse(el) {
    const at = document.activeElement;
    if (at && at !== document.body && el.contains(at)) return true;
    if ($("details[open]", el)) return true;
    if (el.hasAttribute("data-list") && el.matches(":hover")) return true;
    const chosen = getSelection();
    if (chosen && !chosen.isCollapsed && chosen.rangeCount && chosen.getRangeAt(0).intersectsNode(el)) return true;
    return $$("input:not([type=hidden]), textarea", el).some((i) => i.value !== i.defaultValue || i.checked !== i.defaultChecked);
  }
  const below = (el) => el.getBoundingClientRect().top >= innerHeight;

  function offer(el, name) {
    if ($(":scope > .changed", el)) return;
    const text = $("[data-say]").dataset.changed;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-s changed";
    button.textContent = text;
    button.addEventListener("click", () => { forced.add(name); fetchPart(el, name); });
    el.append(button);
  }
  const withdraw = (el) => $(":scope > .changed", el)?.remove();

  function fetchPart(el, name) {
    if (loading.has(name)) return;
    loading.add(name);
    htmx.trigger(el, "renew");
  }

  function reconcile() {
    for (const [name, version] of wanted) {
      const el = part(name);
      if (!el) continue;
      if (el.dataset.v === version) { withdraw(el); held.delete(name); continue; }
      if (held.get(name) === version && !below(el)) continue;
      if (inUse(el) && !forced.has(name)) { offer(el, name); continue; }
      fetchPart(el, name);
    }
  }

  // rows: a list that becomes longer or shorter moves what is below it.
  const rows = (el) => $$("li, tr, article, .empty, .note", el).length;

  function beforeSwap(event) {
    const el = event.detail.target, name = el.dataset && el.dataset.part;
    if (!name) return;
    if (event.detail.xhr.status === 401) { event.detail.shouldSwap = false; lost(); return; }
    if (event.detail.xhr.status !== 200) { event.detail.shouldSwap = false; return; }
    if (forced.has(name)) return;
    const fresh = new DOMParser().parseFromString(event.detail.serverResponse, "text/html").body.firstElementChild;
    const grows = el.hasAttribute("data-list") && fresh && rows(fresh) !== rows(el) && !below(el);
    if (!grows && !inUse(el)) return;
    event.detail.shouldSwap = false;
    if (grows) held.set(name, wanted.get(name));
    offer(el, name);
  }

  function afterSwap(event) {
    const el = event.detail.elt, name = el && el.dataset && el.dataset.part;
    if (!name) return;
    held.delete(name);
    if (forced.delete(name)) {
      el.tabIndex = -1;
      el.focus({ preventScroll: true });
    }
    if (name === "waiting") waitingChanged(el);
    if (name === "head") headChanged(el);
    runClocks();
  }

  const mine = (el) => $$(".who.you + div > b", el).map((b) => b.textContent);
  let wasMine = [], wasState = "";
  function waitingChanged(el) {
    const now = mine(el), added = now.filter((t) => !wasMine.includes(t));
    wasMine = now;
    if (added.length) say("waits", added[0]);
  }
  const stateOf = (el) => $$(".meta .badge", el).map((b) => b.textContent.trim()).join(", ");
  function headChanged(el) {
    const now = stateOf(el);
    if (now !== wasState) say("state", now);
    wasState = now;
  }

  // ---- Live or not.
  let source = null, heard = 0;
  const live = () => $(".live");
  function show(state, key) {
    const el = live(), text = $("[data-live-text]", el);
    if (el.dataset.state !== state) el.dataset.state = state;
    if (text.textContent !== text.dataset[key]) text.textContent = text.dataset[key];
  }
  function hears(data) {
    heard = Date.now();
    setTime(data.at);
    const time = $("[data-live-time]");
    time.dateTime = data.at;
    if (time.textContent !== data.clock) time.textContent = data.clock;
    show("live", "live");
  }
  function lost() { if (live().dataset.state !== "lost") show("lost", "lost"); }

  function listen() {
    source = new EventSource(document.body.dataset.events);
    heard = Date.now();
    source.addEventListener("sign", (e) => hears(JSON.parse(e.data)));
    source.addEventListener("change", (e) => {
      const data = JSON.parse(e.data);
      hears(data);
      if (Date.parse(data.at) < Date.parse(document.body.dataset.now)) return; // older than this page
      for (const [name, version] of Object.entries(data.parts)) wanted.set(name, version);
      reconcile();
    });
  }
  function look() {
    runClocks();
    if (!document.body.dataset.events || document.hidden) return;
    if (source && source.readyState === EventSource.CLOSED && Date.now() - heard > 10e3) { lost(); listen(); return; }
    if (Date.now() - heard > 15e3) lost();
    reconcile();
  }
  // A page that nobody sees gives its connection back.
  function visibility() {
    if (document.hidden) {
      source?.close();
      source = null;
      if (live().dataset.state === "live") show("still", "away");
    } else if (!source) listen();
  }

  function startLive() {
    if (!document.body.dataset.events || !window.htmx || !window.EventSource) return;
    document.body.addEventListener("htmx:beforeSwap", beforeSwap);
    document.body.addEventListener("htmx:load", afterSwap);
    document.body.addEventListener("htmx:afterRequest", (e) => loading.delete(e.detail.elt.dataset && e.detail.elt.dataset.part));
    document.addEventListener("visibilitychange", visibility);
    addEventListener("pagehide", () => { source?.close(); source = null; });
    addEventListener("pageshow", (e) => { if (e.persisted && !source) listen(); });
    wasMine = mine(document);
    wasState = stateOf(document);
    listen();
  }

  // ---- Frames are as high as their text, so that everything can be read without scrolling in them.
  function fit(frame) {
    const text = frame.contentDocument;
    if (!text || text.URL === "about:blank") return; // it is not there yet
    frame.height = 0;
    frame.height = text.documentElement.scrollHeight + 2;
  }
  function fitFrames() {
    for (const frame of $$("iframe.mail")) {
      frame.addEventListener("load", () => fit(frame));
      if (frame.contentDocument && frame.contentDocument.readyState === "complete") fit(frame);
    }
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      $$("iframe.mail").forEach(fit);
    });
  }

  // ---- A list is sent from here, so that the page shows how much of it was read and keeps the chosen file. The server
  // judges while it reads. The error file is a download and is left to the browser.
  function sendsLists() {
    const form = $("form[data-upload]");
    if (!form) return;
    const bar = $("progress", form), buttons = $$("button:not([hidden])", form);
    const sending = (yes) => { bar.hidden = !yes; buttons.forEach((b) => { b.disabled = yes; }); };
    form.addEventListener("submit", (e) => {
      const to = e.submitter ? e.submitter.formAction : form.action;
      if (to.includes("do=errors")) return;
      e.preventDefault();
      const call = new XMLHttpRequest(), body = new FormData(form);
      bar.removeAttribute("value");
      sending(true);
      call.open("POST", to);
      call.responseType = "document";
      call.upload.addEventListener("progress", (p) => { if (p.lengthComputable) bar.value = p.loaded / p.total; });
      call.addEventListener("loadend", () => {
        sending(false);
        const fresh = call.response && $("#outcome", call.response);
        if (!fresh) { location.reload(); return; } // signed out, or the server is gone
        $("#outcome").replaceWith(document.adoptNode(fresh));
        $("#outcome").focus();
        $("#outcome").scrollIntoView();
      });
      call.send(body);
    });
  }

  // ---- Where a button must be chosen, the Enter key in a field chooses none. The button in front of the others that is
  // switched off says so to browsers that heed it; not all do.
  function choosesNothing(e) {
    const at = document.activeElement;
    if (at && at.matches("input") && e.target.contains(at) && $("button[disabled][hidden]", e.target)) e.preventDefault();
  }

  // ---- Keys for calls: they work only where the call has the focus, so that they never surprise anybody elsewhere.
  function listensToKeys() {
    const area = $("[data-keys]");
    if (!area) return;
    if (!$("#problem")) area.focus({ preventScroll: true });
    area.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.altKey || e.metaKey || e.repeat || e.target.matches("input:not([type=checkbox]), textarea, select")) return;
      const button = $(`button[data-key="${CSS.escape(e.key.toLowerCase())}"]`, area);
      if (!button) return;
      e.preventDefault();
      button.focus();
      button.click();
    });
    // One press, one outcome: a second one on the way to the next call would be for nobody.
    area.addEventListener("submit", (e) => setTimeout(() => e.defaultPrevented || $$("button", area).forEach((b) => { b.disabled = true; })));
    addEventListener("pageshow", (e) => { if (e.persisted) $$("button", area).forEach((b) => { b.disabled = b.hidden; }); });
  }

  // htmx notes the address of a page for going back, which we do without: nothing stays in the browser.
  try { sessionStorage.removeItem("htmx-current-path-for-history"); } catch { /* there is no storage */ }
  signInByLink();
  addEventListener("hashchange", signInByLink); // another person's link to the page that is open
  setTime(document.body.dataset.now);
  runClocks();
  fitFrames();
  sendsLists();
  listensToKeys();
  addEventListener("submit", choosesNothing);
  startLive();
  setInterval(look, 1000);
  $("#problem")?.focus();
})();
