// What the page says, and in which of its five languages: the browser's own, until the shopper chooses another.
"use strict";

const words = (() => {
  const TABLES = { en: WORDS_EN, "zh-Hans": WORDS_ZH, de: WORDS_DE, es: WORDS_ES, ar: WORDS_AR };
  // Each in its own words: who looks for a language does not read the one that is shown.
  const NAMES = { en: "English", "zh-Hans": "简体中文", de: "Deutsch", es: "Español", ar: "العربية" };
  const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];
  const KEPT = "language";

  const tagOf = (wished) => Object.keys(TABLES).find((tag) => tag.split("-")[0] === wished.split("-")[0].toLowerCase());
  const isRightToLeft = (tag) => RIGHT_TO_LEFT.includes(tag.split("-")[0].toLowerCase());

  let chosen = remembered();
  let language = chosen ?? navigator.languages.map(tagOf).find(Boolean) ?? "en";

  // A browser that keeps nothing asks again, and is no reason to show no receipt.
  function remembered() {
    try {
      return tagOf(localStorage.getItem(KEPT) ?? "") ?? null;
    } catch {
      return null;
    }
  }

  function choose(tag) {
    chosen = language = tag;
    try {
      localStorage.setItem(KEPT, tag);
    } catch {
      // chosen for this visit only
    }
  }

  // A sentence in pieces: its own words, and what is filled in between them.
  function pieces(key, values) {
    const found = TABLES[language][key] ?? key;
    const form = () => new Intl.PluralRules(language).select(values.n);
    const sentence = typeof found === "string" ? found : found[form()] ?? found.other;
    return sentence.split(/\{(\w+)\}/).map((text, i) => (i % 2 ? { text: String(values[text]), filled: true } : { text }));
  }

  const say = (key, values = {}) => pieces(key, values).map(({ text }) => text).join("");

  // The same for a sentence on the paper.
  const print = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

  return {
    NAMES, TABLES, choose, isRightToLeft, pieces, print, say,
    get language() { return language; },
    // Null as long as the browser's own language is shown: then a receipt is in the language that it was bought in.
    get chosen() { return chosen; },
  };
})();
