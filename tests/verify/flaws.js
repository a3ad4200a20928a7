// What is wrong with the page as it is painted right now, in sentences; an empty list says that nothing is.
() => {
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

  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest(".heard");
  const described = (e) => `${e.tagName} .${e.getAttribute("class")} "${e.textContent.trim().slice(0, 30)}"`;

  function page() {
    const root = document.documentElement;
    return [
      root.scrollWidth > innerWidth && `the page is ${root.scrollWidth} px wide`,
      document.querySelectorAll("h1").length !== 1 && "there is not one title",
      document.querySelectorAll(".main").length > 1 && "more than one filled button",
      !document.title && "the window has no title",
    ];
  }
  // 44 px: WCAG 2.2, success criterion 2.5.5.
  function targets() {
    return [...document.querySelectorAll("button, summary, textarea, select")].filter(seen).map((e) => {
      const { width, height } = e.getBoundingClientRect();
      return (height < 44 || width < 44) && `${width} x ${height}: ${described(e)}`;
    });
  }
  function letters() {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const e = text.parentElement;
      if (!text.data.trim() || !seen(e)) continue;
      const clear = contrast(getComputedStyle(e).color, ground(e));
      if (clear < 4.5) found.push(`contrast ${clear.toFixed(1)}: ${text.data}`);
      if (!/Inter|mono/.test(getComputedStyle(e).fontFamily)) found.push(`not in Inter: ${text.data}`);
    }
    return found;
  }
  function edges() {
    return [...document.querySelectorAll("main *")].filter((e) => seen(e) && !e.closest("svg, pre")).map((e) => {
      const box = e.getBoundingClientRect();
      if (box.left < -1 || box.right > innerWidth + 1) return `outside of the page: ${described(e)}`;
      return e.matches("h1, p, span, button, dd") && e.clientWidth && e.scrollWidth > e.clientWidth + 1 && `cut off: ${described(e)}`;
    });
  }
  function named() {
    return [...document.querySelectorAll("textarea, button, progress, select, [tabindex='0']")].map((e) => {
      const said = e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length);
      return !said && `without a name: ${described(e)}`;
    });
  }
  return [page(), targets(), letters(), edges(), named()].flat().filter(Boolean);
}
