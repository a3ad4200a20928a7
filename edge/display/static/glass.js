// The glass in the browser: it paints what the object says and tells the object what was tapped. It decides nothing.
"use strict";

// The object beats every 5 seconds: after three missed beats it is away.
const SILENCE_MS = 16000;
// The browser itself comes back after 250 ms; only where it gives up do we, and then without haste.
const AGAIN_MS = 1000;
const PATIENCE_MS = 5000;

const root = document.documentElement;
const glass = document.getElementById("glass");
const time = document.getElementById("time");

let stream = null;
let silence = 0;
let asking = false;

function connect() {
  if (stream) stream.close();
  stream = new EventSource("/events");
  stream.addEventListener("screen", (event) => { heard(); show(event.data); });
  stream.addEventListener("beat", (event) => { heard(); time.textContent = event.data; });
  stream.addEventListener("error", () => {
    away();
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  });
  heard();
}

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => { away(); connect(); }, SILENCE_MS);
}

// Nothing is forgotten while the object is away: the next screen that it sends takes the place of this one.
function away() {
  root.dataset.away = "";
  for (const button of glass.querySelectorAll("button")) button.disabled = true;
}

function show(fragment) {
  const box = document.createElement("template");
  box.innerHTML = fragment;
  const next = box.content.firstElementChild;
  if (next.dataset.build !== root.dataset.build) return location.reload();
  if (next.dataset.screen !== root.dataset.screen) delete root.dataset.turned;
  // The same screen with a newer number is no event for the shopper: it changes without moving.
  next.classList.toggle("still", next.dataset.screen === root.dataset.screen && root.dataset.away === undefined);
  const choosing = next.lang === root.lang && glass.querySelector(".tongues:popover-open");
  glass.replaceChildren(next);
  if (choosing) next.querySelector(".tongues")?.showPopover();
  adopt(next);
}

// The root element carries which screen is shown, its number, its language and which way that is written.
function adopt(screen) {
  Object.assign(root.dataset, { ...screen.dataset });
  root.lang = screen.lang;
  root.dir = screen.dir;
  delete screen.dataset.screen;
  delete root.dataset.away;
}

async function tap(button) {
  if (asking) return;
  asking = true;
  button.classList.add("sent");
  const said = { action: button.dataset.action, screen: Number(root.dataset.number), value: button.dataset.value ?? null };
  try {
    await fetch("/tap", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(said),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    // The object went away in between. Its next screen says what became of the tap: we never send it twice.
  } finally {
    asking = false;
    button.classList.remove("sent");
  }
}

function lift() {
  for (const button of glass.querySelectorAll(".pressed")) button.classList.remove("pressed");
}

document.addEventListener("pointerdown", (event) => {
  event.target.closest("button[data-action]:enabled")?.classList.add("pressed");
});
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, lift);
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]:enabled");
  if (!button || isEcho(event)) return;
  if (isOwn(button)) turn(button, event.timeStamp);
  else tap(button);
});
// A long press on a touch panel is a press.
document.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());

adopt(glass.firstElementChild);
connect();
