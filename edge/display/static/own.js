// What the page does by itself, and tells the object nothing of: it turns to more ways to pay, and back; and the
// sheet of languages.
"use strict";

// As long as browsers and desks wait for the second click of a double one.
const DOUBLE_MS = 500;
const PAGES = new Set(["more", "fewer"]);

let turned = { now_ms: -Infinity, box: null };

function isOwn(button) {
  return PAGES.has(button.dataset.action) || Boolean(button.popoverTargetElement && !button.dataset.value);
}

// A click on one of them; the sheet of languages opens without us.
function turn(button, now_ms) {
  if (!PAGES.has(button.dataset.action)) return;
  turned = { now_ms, box: button.getBoundingClientRect() };
  document.documentElement.toggleAttribute("data-turned", button.dataset.action === "more");
}

// The second half of a double tap that turned the page is no tap on what stands in that place now.
function isEcho({ clientX: x, clientY: y, detail, timeStamp }) {
  const { now_ms, box } = turned;
  return detail > 0 && timeStamp - now_ms < DOUBLE_MS && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}
