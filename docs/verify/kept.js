// What a shopper keeps: the receipt with its code and its signature, on paper or as one file that asks nobody.
"use strict";

const kept = (() => {
  const { h } = draw;
  const { say } = words;

  const SVG = "http://www.w3.org/2000/svg";
  // The longest signed text of a receipt stands in such a file twice, beside the same in words.
  const FILE_BYTES_MAX = 512 * 1024;
  const NAME_CHARS_MAX = 60;
  const SIGNATURE = /id="signature"[^>]*>([\w.~-]+)</;
  // A browser that is slow to save still finds the file.
  const PATIENCE_MS = 60_000;
  const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

  // Where somebody else checks this receipt; a page that was opened from a disk has no address for others.
  function linkTo(fragment) {
    return location.protocol === "file:" ? null : `${location.origin}${location.pathname}#${fragment}`;
  }

  function code(link) {
    const modules = link && qr.modules(link);
    if (!modules) return null;
    const { d, side } = qr.path(modules);
    const svg = document.createElementNS(SVG, "svg");
    const bars = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({
      class: "code", viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": say("kept.code"), "shape-rendering": "crispEdges",
    })) svg.setAttribute(name, value);
    bars.setAttribute("d", d);
    svg.append(bars);
    return svg;
  }

  // What checks a copy, wherever it lies: the code, and in a file the link and the signature as well.
  function proof(fragment, inFile) {
    const link = linkTo(fragment);
    return h("section.proof", {}, code(link), h("p", {}, say(inFile ? "kept.lead" : "kept.scan")),
      link && inFile ? h("p", {}, h("a", { href: link }, say("kept.link"))) : null,
      inFile ? h("p.signature", { id: "signature", dir: "ltr" }, fragment) : null);
  }

  // In pieces, since a browser holds a whole document, even one that is only being made, to the policy of this page.
  function fileOf(sheet, fragment) {
    const title = sheet.getAttribute("aria-label");
    const head = [
      h("meta", { charset: "utf-8" }), h("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }), h("title", {}, title),
    ];
    const main = h("main", {}, h("h1.heard", {}, title), sheet.cloneNode(true), proof(fragment, true));
    return [
      "<!doctype html>", `<html lang="${words.language}" dir="${document.documentElement.dir}">`,
      ...head.map((one) => one.outerHTML), `<style>${PAPER_LOOK}${KEPT_LOOK}</style>`, h("body", {}, main).outerHTML, "</html>", "",
    ].join("\n");
  }

  function save(sheet, number, fragment) {
    const url = URL.createObjectURL(new Blob([fileOf(sheet, fragment)], { type: "text/html" }));
    const name = `receipt-${number.replace(/[^\w-]+/g, "-").slice(0, NAME_CHARS_MAX)}.html`;
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), PATIENCE_MS);
  }

  // The receipt in a file that was kept, or null.
  async function fragmentIn(file) {
    if (file.size > FILE_BYTES_MAX) return null;
    return SIGNATURE.exec(await file.text())?.[1] ?? null;
  }

  return { fragmentIn, proof, save };
})();
