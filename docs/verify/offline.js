// The page without a network: a service worker that keeps its files, and gives the kept ones when nobody answers.
"use strict";

// The files of the page, and nothing but them: what else lies below this address is none of its business.
const FILES = [
  "draw.js", "entry.js", "icon.svg", "index.html", "jose.js", "kept.js", "ledger-screen.js", "ledger.js", "lines.js", "page.js",
  "paper-look.js", "paper-words.js", "paper.js", "qr.js", "receipt-screen.js", "receipt.js", "roots.js", "trust.js", "verify.css",
  "words-ar.js", "words-de.js", "words-en.js", "words-es.js", "words-zh.js", "words.js",
];
const KEPT = "verify";
// Whoever stands in a cellar has a network that never answers: then the kept page is better than a blank one.
const PATIENCE_MS = 3000;

const scope = new URL(registration.scope);

function nameOf({ method, url }) {
  const { origin, pathname, search } = new URL(url);
  if (method !== "GET" || search || origin !== scope.origin || !pathname.startsWith(scope.pathname)) return null;
  const name = pathname.slice(scope.pathname.length) || "index.html";
  return FILES.includes(name) ? name : null;
}

// As the shop has it now; a fragment is not sent, here as anywhere.
async function fetched(name) {
  const answer = await fetch(new URL(name, scope), { cache: "no-cache" });
  if (!answer.ok) throw new TypeError(`expected the file ${name}, got ${answer.status}`);
  return answer;
}

async function keep() {
  const cache = await caches.open(KEPT);
  const answers = await Promise.all(FILES.map(fetched));
  await Promise.all(answers.map((answer, i) => cache.put(FILES[i], answer)));
}

const late = (kept) => new Promise((give) => { setTimeout(give, PATIENCE_MS, kept); });

// The shop's own first, since its roots may have changed; the kept one when it does not come.
async function answer(name) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(name);
  const fresh = fetched(name).then(async (found) => {
    await cache.put(name, found.clone());
    return found;
  });
  if (!kept) return fresh;
  return Promise.race([fresh.catch(() => kept), late(kept)]);
}

addEventListener("install", (event) => event.waitUntil(keep().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const name = nameOf(event.request);
  if (name) event.respondWith(answer(name));
});
