// What is wrong with the glass as it is painted right now, in sentences; an empty list says that nothing is.
(target_px) => {
  const panel = document.querySelector(".panel");
  const frame = panel.getBoundingClientRect();
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function rgba(color) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = color;
    pixel.fillRect(0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data];
  }

  // Relative luminance and contrast as WCAG 2.2 defines them.
  function luminance(color) {
    const [r, g, b] = rgba(color).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }
  function ground(element) {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (rgba(color)[3] === 255) return color;
    }
    return "white";
  }

  function seen(e) {
    return e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest(".heard");
  }
  function described(e) {
    return `${e.tagName} .${e.getAttribute("class")} "${e.textContent.trim().slice(0, 30)}"`;
  }
  function overlap(a, b) {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return wide > 1 && high > 1;
  }

  function page() {
    const root = document.documentElement;
    const scrolls = root.scrollWidth > innerWidth || root.scrollHeight > innerHeight;
    const named = document.querySelectorAll("[data-screen]");
    return [scrolls && "the page scrolls", (named.length !== 1 || named[0] !== root) && "data-screen is not on the root alone"];
  }
  function targets() {
    return [...document.querySelectorAll("button")].filter(seen).map((button) => {
      const box = button.getBoundingClientRect();
      if (!button.dataset.action) return `without data-action: ${described(button)}`;
      const words = document.createRange();
      words.selectNodeContents(button);
      if (button.matches(".main, .choice") && words.getBoundingClientRect().left - box.left < 6) return `words at its edge: ${described(button)}`;
      return (box.height < target_px || box.width < target_px * 0.6) && `${box.width} x ${box.height}: ${described(button)}`;
    });
  }
  function letters() {
    const found = [];
    const walk = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const e = text.parentElement;
      if (!text.data.trim() || !seen(e)) continue;
      const clear = contrast(getComputedStyle(e).color, ground(e));
      if (clear < 4.5) found.push(`contrast ${clear.toFixed(1)}: ${text.data}`);
      if (!getComputedStyle(e).fontFamily.includes("Inter")) found.push(`not in Inter: ${text.data}`);
    }
    return found;
  }
  function edges() {
    return [...panel.querySelectorAll("*")].filter((e) => seen(e) && !e.parentElement.closest("svg")).map((e) => {
      const box = e.getBoundingClientRect();
      const inside = box.left > frame.left - 1 && box.right < frame.right + 1 && box.top > frame.top - 1 && box.bottom < frame.bottom + 1;
      if (!inside) return `outside of the panel: ${described(e)}`;
      const shortened = getComputedStyle(e).textOverflow === "ellipsis";
      return !shortened && e.matches("h1, p, span, button") && e.clientWidth && e.scrollWidth > e.clientWidth + 1 && `cut off: ${described(e)}`;
    });
  }
  // An amount that breaks in two is read as two, and one that is clipped as none.
  function amounts() {
    const digits = [...document.querySelectorAll("#glass bdi")].filter((e) => seen(e) && /^[^\p{L}]*\d[^\p{L}]*$/u.test(e.textContent));
    return digits.map((e) => {
      const words = document.createRange();
      words.selectNodeContents(e);
      const [first, ...others] = words.getClientRects();
      if (others.some((box) => box.top > first.bottom - 1)) return `in two lines: ${described(e)}`;
      const clipped = e.closest("button, li, p")?.getBoundingClientRect();
      return clipped && first.bottom > clipped.bottom + 1 && `cut off below: ${described(e)}`;
    });
  }
  function collisions() {
    const blocks = [...document.querySelectorAll("#glass :is(h1, p, section, ul, li, button, .qr, .saving)")].filter((e) => seen(e) && !e.closest(".languages"));
    return blocks.flatMap((one, i) => blocks.slice(i + 1).map((other) =>
      !one.contains(other) && overlap(one.getBoundingClientRect(), other.getBoundingClientRect()) && `${described(one)} lies on ${described(other)}`));
  }
  // The texts of the header's row, not the boxes: a button reaches below it.
  function header() {
    const texts = [...document.querySelectorAll(".pill, .training, .place, .languages button > :is(span, svg)")].filter(seen);
    return texts.flatMap((one, i) => texts.slice(i + 1).map((other) =>
      overlap(one.getBoundingClientRect(), other.getBoundingClientRect()) && `${described(one)} lies on ${described(other)}`));
  }
  return [header(), page(), targets(), letters(), edges(), amounts(), collisions()].flat().filter(Boolean);
}
