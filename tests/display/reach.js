// Paints fragments one after the other in the place of the glass, and says of each what a finger and an eye need.
(fragments) => {
  const glass = document.getElementById("glass");
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();

  function luminance(color) {
    if (!known.has(color)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = color;
      pixel.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = [...pixel.getImageData(0, 0, 1, 1).data].map((v) => v / 255);
      const [x, y, z] = [r, g, b].map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      known.set(color, a < 1 ? null : 0.2126 * x + 0.7152 * y + 0.0722 * z);
    }
    return known.get(color);
  }
  function ground(e) {
    for (; e; e = e.parentElement) {
      const found = luminance(getComputedStyle(e).backgroundColor);
      if (found !== null) return found;
    }
    return 1;
  }
  function clearest(screen) {
    let [least, smallest] = [21, 1000];
    const walk = document.createTreeWalker(screen, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const e = text.parentElement;
      if (!text.data.trim() || e.closest(".heard, .away") || !e.checkVisibility()) continue;
      const style = getComputedStyle(e);
      const [light, dark] = [luminance(style.color), ground(e)].sort((a, b) => b - a);
      least = Math.min(least, (light + 0.05) / (dark + 0.05));
      smallest = Math.min(smallest, parseFloat(style.fontSize));
    }
    return [least, smallest];
  }

  function measure(screen) {
    const panel = document.querySelector(".panel").getBoundingClientRect();
    const buttons = [...glass.querySelectorAll("button")].filter((button) => button.checkVisibility());
    const boxes = buttons.map((button) => [button, button.getBoundingClientRect()]);
    const [contrast, letter] = clearest(screen);
    return {
      target: Math.min(10000, ...boxes.map(([, r]) => Math.min(r.width, r.height))),
      primary: Math.min(10000, ...boxes.filter(([b]) => b.matches(".main")).map(([, r]) => r.height)),
      highest: Math.max(0, ...boxes.map(([, r]) => panel.bottom - r.top)),
      outside: boxes.filter(([, r]) => r.top < panel.top - 1 || r.bottom > panel.bottom + 1 || r.left < panel.left - 1 || r.right > panel.right + 1).map(([b]) => b.dataset.action),
      contrast, letter,
    };
  }
  // What is worse of two pages: the least of all but of how high one has to reach.
  function worse(one, other) {
    const worst = Object.keys(one).map((name) => [name, (name === "highest" ? Math.max : Math.min)(one[name], other[name])]);
    return { ...Object.fromEntries(worst), outside: [...one.outside, ...other.outside] };
  }

  return fragments.map((html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    const screen = box.content.firstElementChild;
    Object.assign(document.documentElement, { lang: screen.lang, dir: screen.dir });
    Object.assign(document.documentElement.dataset, { ...screen.dataset });
    delete screen.dataset.screen;
    glass.replaceChildren(screen);
    delete document.documentElement.dataset.turned;
    const found = measure(screen);
    if (!screen.querySelector(".later")) return found;
    document.documentElement.dataset.turned = "";
    return worse(found, measure(screen));
  });
}
