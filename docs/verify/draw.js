// What every screen is drawn with: elements, icons, buttons, and sentences with what is filled into them.
"use strict";

const draw = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  // An element such as "p.lead", with these attributes and children; texts stay texts, whatever is in them.
  function h(name, attributes, ...children) {
    const [tag, ...classes] = name.split(".");
    const element = document.createElement(tag);
    element.classList.add(...classes);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    const use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#icon-${name}`);
    svg.append(use);
    return svg;
  }

  // A sentence in nodes: what is filled in is set apart, so that a name is neither broken nor turns the words around.
  const told = (key, values = {}) =>
    words.pieces(key, values).map(({ text, filled }) => (filled ? h("bdi", {}, text) : text));

  // What is wrong, in a sentence; an amount is written as people read it.
  function wrong({ code, filled }) {
    const money = filled.money && paper.amount(...filled.money, words.language);
    return told(`wrong.${code}`, money ? { ...filled, money } : filled);
  }

  const count = (number) => paper.count(number, words.language);
  const moment = (ms) => paper.moment(ms, words.language);
  const code = (text) => h("code", { dir: "ltr" }, text ?? "–");
  const lead = (nodes) => h("p.lead", {}, nodes);
  const note = (nodes) => h("p.note", {}, nodes);
  const reasons = (wrongs) => h("ul.reasons", {}, wrongs.map((one) => h("li", {}, wrong(one))));

  const verdict = (look, picture, title, ...rest) =>
    h(`section.verdict.${look}`, {}, icon(picture), h("h1", { tabindex: "-1" }, title), rest);

  const facts = (rows) => h("dl.facts", {}, rows.map(([name, ...values]) =>
    h("div", {}, h("dt", {}, words.say(name)), values.map((value) => h("dd", {}, value)))));

  const folded = (title, ...content) =>
    h("section.more", {}, h("details", {}, h("summary", {}, words.say(title)), content));

  function button(look, pressed, ...content) {
    const made = h(`button.${look}`, { type: "button" }, content);
    made.addEventListener("click", pressed);
    return made;
  }

  // A field for a long text and its button; the enter key is that button.
  function field(id, label, submit, done) {
    const area = h("textarea", { id, rows: "3", dir: "ltr", spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
    const use = () => (area.value.trim() ? done(area.value) : area.focus());
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      use();
    });
    return h("div.form", {}, h("label", { for: id }, label), area, button("main", use, submit));
  }

  function chooser(chosen) {
    const input = h("input.heard", { type: "file", id: "file", multiple: "", tabindex: "-1", "aria-hidden": "true" });
    input.addEventListener("change", () => chosen([...input.files]));
    return h("div.choose", {}, input, button("quiet", () => input.click(), words.say("start.choose")));
  }

  return { button, chooser, code, count, facts, field, folded, h, icon, lead, moment, note, reasons, told, verdict, wrong };
})();
