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
  // Draws the screen once more, in another language.
  let drawn = () => {};
  let current = new AbortController();

  // Only the last thing that was asked for is shown: what was asked before ends here.
  function begin() {
    current.abort();
    current = new AbortController();
    return current.signal;
  }

  const believed = () => trust.roots(globalThis.OPOS_ROOTS);

  // `drawing` gives what is on the screen, in the language of the moment.
  function show(screen, drawing) {
    drawn = () => paint(screen, drawing);
    drawn();
    scrollTo(0, 0);
    main.querySelector("h1").focus({ preventScroll: true }); // whoever listens hears the verdict
  }

  function paint(screen, drawing) {
    root.dataset.screen = screen;
    const home = screen === "start" || screen === "old";
    where.replaceChildren(home ? say("page.title") : button("again", again, icon("back"), say("page.again")));
    main.replaceChildren(...drawing().filter(Boolean));
    document.title = main.querySelector("h1").textContent;
  }

  // --- languages ---

  function frame() {
    root.lang = words.language;
    root.dir = words.isRightToLeft(words.language) ? "rtl" : "ltr";
    document.getElementById("here").textContent = say("page.here");
    document.getElementById("offline").textContent = say("page.offline");
    document.getElementById("language-label").textContent = say("page.language");
  }

  // Only the words change: what was folded open stays open, and the page where it is.
  function speak(tag) {
    const open = main.querySelector("details")?.open ?? false;
    words.choose(tag);
    frame();
    drawn();
    main.querySelector("details")?.toggleAttribute("open", open);
  }

  function offerLanguages() {
    const picker = document.getElementById("language");
    picker.replaceChildren(...Object.entries(words.NAMES).map(([tag, name]) => h("option", { value: tag, lang: tag }, name)));
    picker.value = words.language;
    picker.addEventListener("change", () => speak(picker.value));
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
    if (!signal.aborted) show(found.verdict, () => receiptScreen.show(found, known, fragment));
  }

  function start() {
    latest = null;
    show("start", () => {
      const link = field("link", say("start.link"), say("start.check"), (text) => go(receipts.fragmentOf(text)));
      return [
        verdict("plain", "receipt", say("start.title"), lead(say("start.lead")), link),
        h("section.side", {}, icon("ledger"), h("h2", {}, say("start.file")), h("p", {}, say("start.file.lead")),
          certificate ? note(told("start.certificate", { dev: certificate.dev })) : null, chooser(take)),
      ];
    });
  }

  // --- files ---

  async function take(files) {
    const signal = begin();
    try {
      const receipt = await receiptAmong(files);
      const ledger = receipt ? null : await sorted(files);
      if (receipt && !signal.aborted) go(receipt);
      else if (!signal.aborted) await (ledger ? check(ledger, signal) : review(signal));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // the file is gone, or is a folder
      show("unread", () => [verdict("bad", "torn", say("unread.title"), lead(say("unread.lead")))]);
    }
  }

  // The receipt that a shopper once saved as a file.
  async function receiptAmong(files) {
    for (const file of files) {
      const found = await kept.fragmentIn(file);
      if (found) return found;
    }
    return null;
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
    let tellProgress = () => {};
    show("working", () => {
      const { screen, progress } = ledgerScreen.working(file, again);
      tellProgress = progress;
      return [screen];
    });
    const report = await ledgers.check(file, { certificate, progress: (far) => tellProgress(far), signal });
    if (!signal.aborted) await tell(file, report, signal);
  }

  async function tell(file, report, signal) {
    if (report.is === "no-ledger") {
      const begins = await file.slice(0, 16).text();
      return show("no-ledger", () => [ledgerScreen.strange(file, begins, take)]);
    }
    latest = { file, report };
    const vouched = await ledgers.vouch(report, certificate, await believed());
    const given = certificate;
    const drawing = () => ledgerScreen.show(file, report, vouched, given, added);
    if (!signal.aborted) show(ledgerScreen.standingOf(report, vouched), drawing);
    return undefined;
  }

  // --- the door ---

  function dragged(event) {
    event.preventDefault();
    root.classList.toggle("dropping", event.type === "dragover");
    if (event.type === "drop" && event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  }

  // From now on the page opens without a network too. From a disk it always does.
  async function keepForLater() {
    const keeper = location.protocol === "file:" ? null : navigator.serviceWorker;
    try {
      await keeper?.register("offline.js");
      if (keeper && !keeper.controller) await new Promise((took) => keeper.addEventListener("controllerchange", took, { once: true }));
    } catch {
      return; // a browser that keeps nothing, or an address without a certificate: it works as long as it is open
    }
    document.getElementById("offline-note").hidden = !keeper;
  }

  function open() {
    document.adoptedStyleSheets = [PAPER_LOOK].map(sheetOf);
    frame();
    offerLanguages();
    if (!able) return show("old", () => [verdict("bad", "torn", say("old.title"), lead(say("old.lead")))]);
    keepForLater();
    for (const type of ["dragover", "dragleave", "drop"]) addEventListener(type, dragged);
    addEventListener("hashchange", arrived);
    return arrived();
  }

  function sheetOf(text) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  }

  return { open };
})();

page.open();
