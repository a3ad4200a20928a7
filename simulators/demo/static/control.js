// The control page: one stream brings the parts that changed, one POST carries what a hand does.
"use strict";

const trouble = document.getElementById("trouble");
const dark = new Set();
let silence = 0;

function say(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
  clearTimeout(silence);
  if (sentence) silence = setTimeout(say, 6000, "");
}

// A button that is painted anew keeps the keyboard's focus.
const keyOf = (button) => button && `${button.dataset.verb} ${button.dataset.name} ${button.dataset.item}`;

function paint(id, html) {
  const place = document.getElementById(id);
  const focus = place.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  place.innerHTML = html;
  const again = [...place.querySelectorAll("button")].find((button) => keyOf(button) === focus);
  if (again) again.focus();
}

// A frame that was opened while its process was down holds the browser's own error page: open it again.
function wake() {
  for (const queue of document.querySelectorAll("[data-alive]")) {
    const name = queue.dataset.of;
    if (queue.dataset.alive === "no") dark.add(name);
    else if (dark.delete(name)) {
      const frame = document.querySelector(`[data-glass="${name}"]`);
      if (frame.dataset.opened !== "yes") frame.src = frame.src;
      frame.dataset.opened = "yes";
    } else document.querySelector(`[data-glass="${name}"]`).dataset.opened = "yes";
  }
}

function listen() {
  const stream = new EventSource("/events");
  stream.onopen = () => say("");
  stream.onmessage = (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) paint(id, html);
    wake();
  };
  stream.onerror = () => {
    say("The demo does not answer. Is it still running?");
    clearTimeout(silence);
  };
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-verb]");
  if (!button || button.disabled) return;
  const { verb, name, item } = button.dataset;
  button.disabled = true;
  try {
    const answer = await fetch("/do", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ verb, name, item: item || "" }),
    });
    if (!answer.ok) say((await answer.json()).error);
  } catch {
    say("The demo does not answer. Is it still running?");
  }
  button.disabled = false;
});

listen();
