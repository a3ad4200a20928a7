// How a ledger is shown: while it is checked, what was found, and files that are none.
"use strict";

const ledgerScreen = (() => {
  const { button, chooser, code, count, facts, field, folded, h, lead, moment, note, reasons, told, verdict, wrong } = draw;
  const { say } = words;

  const LOOKS = { intact: ["good", "good"], nobody: ["open", "open"], changed: ["bad", "bad"], disowned: ["bad", "bad"] };
  const BEGINNINGS = { checkpoint: "ledger.pruned", certificate: "ledger.slice" };
  const EXPORT = "opos ledger export ledger.db --format jws --out ledger.jws";
  // What people drop in the place of an export, by how it begins.
  const STRANGE = { "SQLite format 3": "is-sqlite", "seq,": "is-csv" };

  // The screen, and the function that tells it how far the check is.
  function working(file, stop) {
    const bar = h("progress", { max: String(Math.max(file.size, 1)), value: "0", "aria-label": say("working.title") });
    const share = h("p", {});
    const entered = h("p", {});
    const part = new Intl.NumberFormat(words.language, { style: "percent" });
    function progress({ bytes, entries: number }) {
      bar.value = bytes;
      share.replaceChildren(...told("working.progress", { percent: part.format(bytes / Math.max(file.size, 1)), name: file.name }));
      entered.replaceChildren(say("working.entries", { n: number, count: count(number) }));
    }
    progress({ bytes: 0, entries: 0 });
    const screen = verdict("plain", "ledger", say("working.title"), bar, share, entered, button("quiet", stop, say("working.stop")));
    return { screen, progress };
  }

  // "intact", "nobody" (vouches for its key), "changed", or "disowned" (by the certificate).
  function standingOf({ problems: number }, { standing, wrongs }) {
    if (number) return "changed";
    if (wrongs.length) return "disowned";
    return standing === "vouched" ? "intact" : "nobody";
  }

  function show(file, report, vouched, certificate, added) {
    const is = standingOf(report, vouched);
    const filled = { n: report.problems, count: count(report.problems), dev: report.dev, tenant: certificate?.tenant };
    const said = is === "nobody" && vouched.standing === "stranger" ? "stranger.lead" : `${is}.lead`;
    const asks = is === "nobody" || report.start === "nowhere";
    return [
      verdict(...LOOKS[is], say(`${is}.title`, filled), lead(told(said, filled)),
        is === "changed" ? problems(report) : null, is === "disowned" ? reasons(vouched.wrongs) : null,
        notes(report), asks ? certificateField(added) : null),
      h("section.side", {}, is === "changed" ? h("p.label", {}, say("ledger.claims")) : null, summary(file, report)),
      folded("sheet.details", details(report, certificate)),
    ];
  }

  function problems({ runs, unlisted }) {
    return h("div", {},
      h("ol.problems", { tabindex: "0", "aria-label": say("ledger.problems") },
        runs.map((run) => h("li", {}, h("b", {}, at(run)), h("span", {}, wrong(run))))),
      unlisted ? note(say("ledger.more", { n: unlisted, count: count(unlisted) })) : null);
  }

  const at = ({ first, last }) =>
    say(first === last ? "ledger.at" : "ledger.from", { first: count(first), last: count(last) });

  // What looking at a file cannot show, whatever it says.
  function notes({ start, first, problems: number }) {
    const began = BEGINNINGS[start] ? note(say(BEGINNINGS[start], { first: count(first) })) : null;
    return h("div.notes", {}, began, number ? null : note(say("ledger.tail")));
  }

  function certificateField(added) {
    const answer = h("p.answer", { role: "alert" });
    const use = async (text) => {
      if (!(await added(text))) answer.replaceChildren(say("certificate.wrong"));
    };
    return h("div", {}, field("certificate", say("certificate.label"), say("certificate.use"), use), answer);
  }

  function summary(file, { dev, takings, sales, entries: number, first, head, hash }) {
    const money = [...takings].sort().map(([currency, minor]) => paper.amount(minor, currency, words.language));
    return facts([
      ["sheet.object", dev],
      ["ledger.takings", ...(money.length ? money : ["–"])],
      ["ledger.sales", count(sales)],
      ["ledger.entries", say("ledger.range", { count: count(number), first: count(first), last: count(head) })],
      ["ledger.hash", code(hash)],
      ["ledger.file", file.name],
    ]);
  }

  const details = (report, certificate) => facts([
    ["sheet.epoch", code(report.epoch)],
    ["ledger.period", moment(report.from_ms), moment(report.to_ms)],
    ...report.keys.map(({ by, tier, from }) =>
      ["sheet.key", code(by.thumbprint), say("ledger.key", { from: count(from) }), ...(tier ? [say(`tier.${tier}`)] : [])]),
    ...(certificate ? [["sheet.root", code(certificate.root)]] : []),
  ]);

  function strange(file, begins, chosen) {
    const known = Object.keys(STRANGE).find((start) => begins.startsWith(start));
    const what = file.size ? STRANGE[known] ?? "is-strange" : "is-empty";
    return verdict("bad", "torn", say("no-ledger.title"), reasons([new Wrong(what)]), lead(say("no-ledger.lead")),
      h("pre", { dir: "ltr" }, EXPORT), chooser(chosen));
  }

  return { show, standingOf, strange, working };
})();
