// Every word of the page, in one table: a new language is one more column of it, and needs no other file.
"use strict";

// `{name}` is filled in; a sentence in two forms is chosen by `n` (Unicode plural categories).
const WORDS = {
  en: {
    "page.title": "Check a receipt",
    "page.here": "Stays on this device",
    "page.again": "Check another",

    "start.title": "Is this receipt genuine?",
    "start.lead": "Scan its code with your phone, and its link opens here. Or paste the link. It is checked in your own browser: nothing is sent anywhere.",
    "start.link": "Link of the receipt",
    "start.check": "Check the receipt",
    "start.ledger": "A whole ledger",
    "start.ledger.lead": "Drop an exported ledger on this page, in the format jws or jsonl, or choose it. Every entry is checked.",
    "start.choose": "Choose a ledger",
    "start.certificate": "The certificate of {dev} is here. Now its ledger.",

    "old.title": "This browser cannot check signatures",
    "old.lead": "Open this page over https, or from a file, in a browser of 2023 or later.",

    "genuine.title": "This receipt is genuine",
    "genuine.lead": "Signed by {dev}, and {tenant} vouches for its key.",
    "unvouched.title": "Nobody here vouches for this receipt",
    "unvouched.lead.stranger": "The signature fits, but the key behind it is not known to this page. Open the receipt on the page of the shop that you bought from.",
    "unvouched.lead.none": "The signature fits, but this page does not know any shop yet. Open the receipt on the page of the shop that you bought from.",
    "false.title": "This receipt is not genuine",
    "false.lead": "It does not say what {dev} has signed.",
    "unreadable.title": "This is not a whole receipt",
    "unreadable.lead": "So it proves nothing. Scan the code once more, or copy the whole link.",

    "sheet.claims": "What it claims",
    "sheet.details": "Details for a second look",
    "sheet.object": "Object",
    "sheet.tenant": "Shop",
    "sheet.seq": "Entry",
    "sheet.epoch": "Epoch",
    "sheet.written": "Written",
    "clock.trusted": "by a clock that was set",
    "clock.untrusted": "by a clock that nobody had confirmed",
    "sheet.hash": "Hash (SHA-256)",
    "sheet.prev": "Hash of the entry before",
    "sheet.key": "Key of the object",
    "sheet.since": "Certified since",
    "sheet.root": "Root key that the certificate names",
    "sheet.roots": "Root keys that this page knows",
    "sheet.no-roots": "none yet",
    "sheet.body": "The signed bytes",
    "tier.file": "kept in a file",
    "tier.sealed-file": "kept in a sealed file",
    "tier.tpm": "kept in a TPM",
    "tier.secure-element": "kept in a secure element",
    "tender.house-account": "On the house account",
    "tender.other": "Paid by {tender}",

    "working.title": "Checking the ledger",
    "working.entries": { one: "{count} entry so far", other: "{count} entries so far" },
    "working.progress": "{percent} of {name}",
    "working.stop": "Stop",

    "intact.title": "This ledger is intact",
    "intact.lead": "Every signature fits, nothing in between is missing, and {tenant} vouches for the key of {dev}.",
    "nobody.title": "Intact, but nobody vouches for its key",
    "nobody.lead": "Every signature fits and nothing in between is missing. Whose key signed it, this file alone cannot prove: add the certificate that the shop gave to {dev}.",
    "stranger.lead": "Every signature fits and nothing in between is missing. The certificate is not signed by a root key that this page knows.",
    "changed.title": { one: "This ledger has a problem", other: "This ledger has {count} problems" },
    "changed.lead": "It is not what {dev} wrote. Keep the file.",
    "disowned.title": "The certificate is not for this ledger",
    "disowned.lead": "Every signature fits and nothing in between is missing, but not under the key that the shop vouches for.",
    "no-ledger.title": "This file is no exported ledger",
    "no-ledger.lead": "Export the ledger first, and choose what comes of it.",
    "unread.title": "The file could not be read to its end",
    "unread.lead": "It was moved, changed or taken away meanwhile. Choose it once more.",
    "ledger.entries": "Entries",
    "ledger.range": "{count}, from {first} to {last}",
    "ledger.sales": "Sales",
    "ledger.takings": "Takings",
    "ledger.period": "Written",
    "ledger.hash": "Hash of the last one, the head",
    "ledger.key": "signs from entry {from} on",
    "ledger.file": "File",
    "ledger.pruned": "It begins at entry {first}, a checkpoint: what was pruned below it is believed as the checkpoint signed it.",
    "ledger.slice": "It begins at entry {first}: what was before is not in this file, and the key is that of the certificate.",
    "ledger.tail": "No file shows what was cut off at its end: compare the head with the one that the shop knows.",
    "ledger.claims": "What the file claims",
    "ledger.problems": "Problems",
    "ledger.more": { one: "{count} more is not listed", other: "{count} more are not listed" },
    "ledger.at": "Entry {first}",
    "ledger.from": "Entries {first} to {last}",

    "certificate.label": "Certificate of the object: paste it, or drop its file here",
    "certificate.use": "Use this certificate",
    "certificate.wrong": "This is no certificate of an object's key.",

    "wrong.signature": "The signature does not fit: something was changed after the key {kid} signed it.",
    "wrong.other-key": "It is signed by the key {got}, not by {expected}.",
    "wrong.other-object": "It says that it is from {got}, but the key is that of {expected}.",
    "wrong.certificate-signature": "The certificate names a root key of this page, which did not sign it.",
    "wrong.no-sale": "It is an entry of a ledger, but nothing was sold with it.",
    "wrong.unbalanced": "Its postings should sum to nothing; they sum to {money}.",
    "wrong.not-postings": "Its postings cannot be read.",
    "wrong.not-moves": "Its moves of goods cannot be read.",
    "wrong.moves-nothing": "A move of {what} moves nothing.",
    "wrong.not-a-sale": "It is a sale whose lines or amounts cannot be read.",
    "wrong.missing": { one: "Entry {first} before it is missing.", other: "Entries {first} to {last} before it are missing." },
    "wrong.out-of-place": "It stands in the place of entry {expected}, or stands here twice.",
    "wrong.prev": "It does not follow from the entry before it.",
    "wrong.seq": "It says that it is entry {got}.",
    "wrong.column": "The line says another {name} than the signed bytes.",
    "wrong.other-epoch": "It belongs to another epoch.",
    "wrong.clock-back": "Its clock stands before that of an entry before it.",
    "wrong.genesis-again": "The beginning of a ledger stands in the middle of one.",
    "wrong.checkpoint-key": "It hands the chain on to a key that did not sign it.",
    "wrong.nobody-signs": "The file begins here, neither with a beginning nor with a checkpoint: nobody can say whose key signs. Add the certificate.",
    "wrong.not-a-key": "The key that it names is none.",
    "wrong.too-long": "It is longer than any receipt or entry can be.",
    "wrong.not-utf8": "Its bytes are no text.",
    "wrong.letters": "Letters are missing or were changed.",
    "wrong.not-a-jws": "Parts of it are missing.",
    "wrong.not-a-receipt": "It does not have the parts of a receipt.",
    "wrong.not-an-entry": "Its header is not that of an entry.",
    "wrong.not-a-certificate": "Its certificate cannot be read.",
    "wrong.not-json": "Its body cannot be read.",
    "wrong.not-a-body": "Its body is not that of an entry.",
    "wrong.two-readings": "Its body can be read in two ways.",
    "wrong.not-a-line": "The line is not one of an export.",
    "wrong.is-csv": "It is a table for a spreadsheet, which carries no signatures.",
    "wrong.is-sqlite": "It is the ledger's own file, which only the object opens.",
    "wrong.is-empty": "It is empty.",
    "wrong.is-strange": "None of its lines is an entry.",
  },
};

// What stands on the receipt itself is in the language that the shopper bought in.
const PAPER_WORDS = {
  ar: { receipt: "إيصال", total: "المجموع", tax: "شامل ضريبة {rate} من {gross}" },
  de: { receipt: "Beleg", total: "Summe", tax: "inkl. {rate} MwSt. aus {gross}" },
  en: { receipt: "Receipt", total: "Total", tax: "incl. {rate} tax on {gross}" },
  es: { receipt: "Recibo", total: "Total", tax: "IVA {rate} incluido en {gross}" },
  zh: { receipt: "收据", total: "合计", tax: "{gross} 含税 {rate}" },
};

const words = (() => {
  const language = navigator.languages.map((one) => one.split("-")[0]).find((one) => one in WORDS) ?? "en";
  const plural = new Intl.PluralRules(language);

  // A sentence in pieces: its own words, and what is filled in between them.
  function pieces(key, values) {
    const found = WORDS[language][key] ?? WORDS.en[key] ?? key;
    const sentence = typeof found === "string" ? found : found[plural.select(values.n)] ?? found.other;
    return sentence.split(/\{(\w+)\}/).map((text, i) => (i % 2 ? { text: String(values[text]), filled: true } : { text }));
  }

  const say = (key, values = {}) => pieces(key, values).map(({ text }) => text).join("");

  // The same for a sentence on the paper.
  const print = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

  return { language, pieces, print, say };
})();
