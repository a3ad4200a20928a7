// Every two seconds the page asks for itself and puts the new figures where the old ones stood.
"use strict";
const EVERY_MS = 2000;
const PATIENCE_MS = 5000;

async function refresh() {
  if (document.hidden || String(getSelection())) return;  // nobody looks, or somebody copies
  const answer = await fetch("/", { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`the hub answers ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const scrolled = [...document.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
  document.getElementById("live").replaceWith(page.getElementById("live"));
  document.querySelectorAll(".scroll").forEach((each, n) => { each.scrollLeft = scrolled[n] ?? 0; });
  document.title = page.title;
}

async function follow() {
  const lost = document.querySelector(".lost");
  try {
    await refresh();
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);
