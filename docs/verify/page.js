// The page: what becomes of a link, of a file and of a touch, and which screen is shown.
"use strict";

const page = (() => {
  const { button, chooser, field, h, icon, lead, note, told, verdict } = draw;
  const { say } = words;

  // A certificate takes half a kilobyte; what is longer than this is looked at as a ledger.
  const CERTIFICATE_FILE_BYTES_MAX = 8 * 1024;

  const root = document.documentElement;
  const main = document.getElementById("main");
  const where = document.getElementById("where");
  const able = Boolean(globalThis.crypto?.subtle && globalThis.DecompressionStream);

  let certificate = null;
  let latest = null;
  let current = new AbortController();

  // Only the last thing that was asked for is shown: what was asked before ends here.
  function begin() {
    current.abort();
    current = new AbortController();
    return current.signal;
  }

  const believed = () => trust.roots(globalThis.OPOS_ROOTS);

  function show(screen, ...content) {
    root.dataset.screen = screen;
    const home = screen === "start" || screen === "old";
    where.replaceChildren(home ? say("page.title") : button("again", again, icon("back"), say("page.again")));
    main.replaceChildren(...content.filter(Boolean));
    const title = main.querySelector("h1");
    document.title = title.textContent;
    scrollTo(0, 0);
    title.focus({ preventScroll: true }); // whoever listens hears the verdict
  }

  // --- links ---

  const again = () => go("");

  function go(fragment) {
    if (receipts.fragmentOf(location.hash) === fragment) arrived();
    else location.hash = fragment; // and the browser says so to `arrived`
  }

  async function arrived() {
    const signal = begin();
    const fragment = receipts.fragmentOf(location.hash);
    if (!fragment) return start();
    const known = await believed();
    const found = await receipts.check(fragment, known);
    if (!signal.aborted) show(found.verdict, ...receiptScreen.show(found, known));
  }

  function start() {
    latest = null;
    const link = field("link", say("start.link"), say("start.check"), (text) => go(receipts.fragmentOf(text)));
    show("start", verdict("plain", "receipt", say("start.title"), lead(say("start.lead")), link),
      h("section.side", {}, icon("ledger"), h("h2", {}, say("start.ledger")), h("p", {}, say("start.ledger.lead")),
        certificate ? note(told("start.certificate", { dev: certificate.dev })) : null, chooser(take)));
  }

  // --- files ---

  async function take(files) {
    const signal = begin();
    try {
      const ledger = await sorted(files);
      if (!signal.aborted) await (ledger ? check(ledger, signal) : review(signal));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // the file is gone, or is a folder
      show("unread", verdict("bad", "torn", say("unread.title"), lead(say("unread.lead"))));
    }
  }

  // The ledger among some files; a certificate among them is kept.
  async function sorted(files) {
    let ledger = null;
    for (const file of files) {
      const found = file.size <= CERTIFICATE_FILE_BYTES_MAX ? await certificateIn(await file.text()) : null;
      if (found) certificate = found;
      else ledger = file;
    }
    return ledger;
  }

  async function certificateIn(text) {
    try {
      return await trust.read(jose.utf8(text.trim()));
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      return null;
    }
  }

  async function added(text) {
    const found = await certificateIn(text);
    if (found) certificate = found;
    if (found) await review(begin());
    return found !== null;
  }

  // A certificate came: a ledger that names its own key is not read once more for it.
  async function review(signal) {
    if (!latest) return start();
    if (latest.report.start === "nowhere") return check(latest.file, signal);
    return tell(latest.file, latest.report, signal);
  }

  async function check(file, signal) {
    const { screen, progress } = ledgerScreen.working(file, again);
    show("working", screen);
    const report = await ledgers.check(file, { certificate, progress, signal });
    if (!signal.aborted) await tell(file, report, signal);
  }

  async function tell(file, report, signal) {
    if (report.is === "no-ledger") return show("no-ledger", await ledgerScreen.strange(file, take));
    latest = { file, report };
    const vouched = await ledgers.vouch(report, certificate, await believed());
    if (!signal.aborted) show(...ledgerScreen.show(file, report, vouched, certificate, added));
    return undefined;
  }

  // --- the door ---

  function dragged(event) {
    event.preventDefault();
    root.classList.toggle("dropping", event.type === "dragover");
    if (event.type === "drop" && event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  }

  function open() {
    root.lang = words.language;
    document.getElementById("here").textContent = say("page.here");
    if (!able) return show("old", verdict("bad", "torn", say("old.title"), lead(say("old.lead"))));
    for (const type of ["dragover", "dragleave", "drop"]) addEventListener(type, dragged);
    addEventListener("hashchange", arrived);
    return arrived();
  }

  return { open };
})();

page.open();
