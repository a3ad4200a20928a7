// For whoever does not tap: keys, or a pad of five of them; and for a hand that rests on the glass.
"use strict";

(() => {
  // Well within the shortest time after which the object asks whether somebody is there.
  const STAY_MS = 5000;
  const STEPS = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };

  const root = document.documentElement;
  const glass = document.getElementById("glass");
  let held = 0;
  let keyed = false;
  let kept = "";

  const named = (button) => `${button.dataset.action} ${button.dataset.value ?? ""}`;
  const controls = () => {
    const over = glass.querySelector(":popover-open") ?? glass;
    return [...over.querySelectorAll("button:enabled")].filter((button) => button.checkVisibility());
  };
  const first = (all) => all.find((button) => button.matches(".main")) ?? all[0];

  function move(step) {
    const all = controls();
    const at = all.indexOf(document.activeElement);
    (at < 0 ? first(all) : all[(at + step + all.length) % all.length])?.focus();
  }

  // A touch anywhere says that somebody is there; what it is about, the object decides.
  function stay() {
    const body = JSON.stringify({ action: "stay", screen: Number(root.dataset.number) });
    fetch("/tap", { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => {});
  }

  document.addEventListener("pointerdown", (event) => {
    keyed = false;
    clearInterval(held);
    held = setInterval(stay, STAY_MS);
    if (!event.target.closest("button")) stay();
  });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => clearInterval(held));

  // Of what the page does by itself the object hears no other way; and not before the finger is lifted, since its
  // answer may paint the screen anew, and a button that is no longer there is not clicked.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && isOwn(button)) stay();
  });

  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    keyed = true;
    stay();
    const mirrored = event.key.match(/Left|Right/) && getComputedStyle(glass).direction === "rtl";
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    move(mirrored ? -step : step);
  });
  document.addEventListener("focusin", (event) => { if (event.target.dataset.action) kept = named(event.target); });

  // The next screen or page takes the place of this one, and with it the control that had the focus.
  const seen = new MutationObserver(() => {
    const all = controls();
    if (!keyed || all.includes(document.activeElement)) return;
    (all.find((button) => named(button) === kept) ?? first(all))?.focus();
  });
  seen.observe(glass, { childList: true });
  seen.observe(root, { attributeFilter: ["data-turned"] });
})();
