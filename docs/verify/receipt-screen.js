// How the verdict on a receipt is shown: the verdict, the paper if it is proven, and what is for a second look.
"use strict";

const receiptScreen = (() => {
  const { button, code, count, facts, folded, h, icon, lead, moment, note, reasons, told, verdict } = draw;
  const { say } = words;

  // verdict -> look, icon, and its sentence by how many roots the page knows.
  const LOOKS = {
    genuine: ["good", "good", () => "genuine.lead"],
    unvouched: ["open", "open", (roots) => (roots ? "unvouched.lead.stranger" : "unvouched.lead.none")],
    false: ["bad", "bad", () => "false.lead"],
    unreadable: ["bad", "torn", () => "unreadable.lead"],
  };

  function show({ verdict: is, wrongs, entry, certificate, hash }, known, fragment) {
    const [look, picture, which] = LOOKS[is];
    const said = told(which(known.length), { dev: entry?.body.dev, tenant: certificate?.tenant });
    const proven = is === "genuine" || is === "unvouched";
    // A stranger may call himself after any shop.
    const sheet = proven ? paper.sheet(entry.body.dev, entry.body.fact, is === "genuine" ? certificate.tenant : null) : null;
    return [
      verdict(look, picture, say(`${is}.title`), lead(said), wrongs.length ? reasons(wrongs) : null),
      // What is not proven is never drawn as a receipt: somebody would take a picture of it.
      proven ? h("section.side.receipt", {}, sheet, is === "genuine" ? kept.proof(fragment, false) : null) : null,
      is === "genuine" ? keeping(sheet, entry.body.fact.number, fragment) : null,
      entry ? folded(proven ? "sheet.details" : "sheet.claims", details(entry, certificate, hash, known), signed(entry)) : null,
    ];
  }

  const keeping = (sheet, number, fragment) => h("section.keep", {},
    h("div.ways", {},
      button("main", () => kept.save(sheet, number, fragment), icon("save"), say("keep.save")),
      button("quiet", () => print(), icon("print"), say("keep.print"))),
    note(say("keep.note")));

  function details({ body, prev }, { by, tenant, tier, since_ms, root }, hash, known) {
    return facts([
      ["sheet.object", h("bdi", {}, body.dev)],
      ["sheet.tenant", h("bdi", {}, tenant)],
      ["sheet.seq", count(body.seq)],
      ["sheet.epoch", code(body.epoch)],
      ["sheet.written", moment(body.wall_ms), say(body.clock === "trusted" ? "clock.trusted" : "clock.untrusted")],
      ["sheet.hash", code(hash)],
      ["sheet.prev", code(prev)],
      ["sheet.key", code(by.thumbprint), say(`tier.${tier}`)],
      ["sheet.since", moment(since_ms)],
      ["sheet.root", code(root)],
      ["sheet.roots", known.length ? code(known.map((one) => one.kid).join(" ")) : say("sheet.no-roots")],
    ]);
  }

  const signed = ({ payload }) =>
    h("div", {}, h("p.label", {}, say("sheet.body")), h("pre", { tabindex: "0", dir: "ltr", role: "region", "aria-label": say("sheet.body") }, jose.text(payload)));

  return { show };
})();
