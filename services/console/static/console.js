"use strict";
// Keeps the page current over server-sent events. Without it the page is whole, only older.

const link = document.getElementById("link");
const live = document.getElementById("live");
let seen = document.body.dataset.seen;
let source = null;

function say(state) {
  link.dataset.state = state;
  link.textContent = link.dataset[state];
}

function mark(part) {
  part.classList.remove("changed");
  void part.offsetWidth; // lets the animation begin again
  part.classList.add("changed");
}

// Only parts that differ are written, so that a reader's place and selection stay; what changed is marked briefly.
function show(html) {
  const next = document.createElement("main");
  next.innerHTML = html;
  const names = (root) => Array.from(root.querySelectorAll("[id]"), (part) => part.id);
  if (names(next).sort().join() !== names(live).sort().join()) {
    const open = Array.from(live.querySelectorAll("details"), (part) => part.open);
    live.replaceChildren(...next.childNodes);
    live.querySelectorAll("details").forEach((part, place) => (part.open = open[place] || false));
    return;
  }
  for (const part of next.querySelectorAll("[data-ordered]")) {
    const present = document.getElementById(part.id);
    if (names(part).join() !== names(present).join()) {
      present.append(...names(part).map((name) => document.getElementById(name)));
    }
  }
  for (const part of next.querySelectorAll("[id]")) {
    const present = document.getElementById(part.id);
    const differs = present.innerHTML !== part.innerHTML;
    present.setAttribute("class", part.getAttribute("class") || "");
    if (differs && !part.querySelector("[id]")) {
      present.replaceChildren(...part.childNodes);
      mark(present);
    }
  }
}

function watch() {
  source = new EventSource(`${document.body.dataset.stream}&seen=${seen}`);
  source.onopen = () => say("on");
  source.onerror = () => {
    say("off");
    if (source.readyState === EventSource.CLOSED) {
      // The server answered with something else than a stream; EventSource itself would not try again.
      source = null;
      setTimeout(() => source || document.hidden || watch(), 5000);
    }
  };
  source.addEventListener("live", (event) => {
    seen = event.lastEventId;
    show(event.data);
  });
}

// A hidden page asks for nothing.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && source) {
    source.close();
    source = null;
  } else if (!document.hidden && !source) {
    watch();
  }
});

if (!document.hidden) watch();
