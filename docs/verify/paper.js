// A sale as its receipt says it, in the shopper's language and the currency of the sale, as people read amounts and dates.
"use strict";

const paper = (() => {
  const { h } = draw;

  // ISO 4217, column "minor unit", where it is not 2. Browsers count the digits that people still write, which differ.
  const MINOR_DIGITS = {
    BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0, VND: 0, VUV: 0,
    XAF: 0, XOF: 0, XPF: 0, BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3, CLF: 4, UYW: 4,
  };
  const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];

  // A tag that no browser knows must not take the receipt away: then English it is.
  function localeOf(tag) {
    try {
      return new Intl.Locale(tag, { numberingSystem: "latn", calendar: "gregory" }).toString();
    } catch {
      return localeOf("en");
    }
  }

  function amountParts(minor, currency, language) {
    const digits = MINOR_DIGITS[currency] ?? 2;
    const format = new Intl.NumberFormat(localeOf(language), {
      style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
    return format.formatToParts(decimal(BigInt(minor), digits));
  }

  // The exact decimal, since a float would not hold the sum of a large shop's life.
  function decimal(minor, digits) {
    const figures = String(minor < 0n ? -minor : minor).padStart(digits + 1, "0");
    const whole = figures.slice(0, figures.length - digits);
    return `${minor < 0n ? "-" : ""}${whole}${digits ? "." : ""}${figures.slice(figures.length - digits)}`;
  }

  const amount = (minor, currency, language) => amountParts(minor, currency, language).map((part) => part.value).join("");

  // The cents raised, as on a price tag; whoever listens hears the amount as it is said.
  function raised(minor, currency, language) {
    const shown = amountParts(minor, currency, language).filter((part) => part.type !== "decimal");
    const heard = amount(minor, currency, language);
    const size = heard.length > 15 ? ".longest" : heard.length > 10 ? ".long" : "";
    return h(`span.amount${size}`, {},
      h("span.heard", {}, heard),
      h("span", { "aria-hidden": "true" }, shown.map((part) => {
        if (part.type === "fraction") return h("sup", {}, part.value);
        return part.type === "currency" ? h("span.currency", {}, part.value) : part.value;
      })));
  }

  function day(date, language) {
    const at = new Date(`${date}T00:00:00Z`);
    if (Number.isNaN(at.getTime())) return date;
    return new Intl.DateTimeFormat(localeOf(language), { dateStyle: "medium", timeZone: "UTC" }).format(at);
  }

  function moment(ms, language) {
    if (Math.abs(ms) > 8.64e15) return String(ms); // the last day that a calendar of ECMAScript has
    return new Intl.DateTimeFormat(localeOf(language), { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" })
      .format(ms) + " UTC";
  }

  function percent(rate_bp, language) {
    return new Intl.NumberFormat(localeOf(language), { style: "percent", maximumFractionDigits: 2 }).format(rate_bp / 10000);
  }

  const count = (number, language) => new Intl.NumberFormat(localeOf(language)).format(number);

  // The receipt itself: what was bought, the taxes, what it came to, on which day, at which object.
  function sheet(dev, sale) {
    const language = sale.language.split("-")[0];
    const said = PAPER_WORDS[language] ?? PAPER_WORDS.en;
    const money = (minor) => amount(minor, sale.currency, sale.language);
    const direction = RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr";
    return h("article.paper", { lang: sale.language, dir: direction, "aria-label": `${said.receipt} ${sale.number}` },
      h("header", {}, h("p.shop", {}, h("bdi", {}, dev)), h("p.number", {}, said.receipt, " ", h("bdi", {}, sale.number)),
        h("time", { datetime: sale.business_date }, day(sale.business_date, sale.language))),
      h("ul.lines", {}, sale.lines.map((line) => goods(line, money))),
      h("p.total", {}, h("span", {}, said.total), raised(sale.total_minor, sale.currency, sale.language)),
      h("ul.taxes", {}, sale.taxes.map((tax) => h("li", {},
        h("span", {}, words.print(said.tax, { rate: percent(tax.rate_bp, sale.language), gross: money(tax.gross_minor) })),
        h("span.sum", {}, money(tax.tax_minor))))));
  }

  function goods(line, money) {
    const each = line.units === 1 ? null : h("span.each", {}, `${line.units} × ${money(line.price_minor)}`);
    return h("li", {}, h("span.name", {}, h("bdi", {}, line.name)), h("span.sum", {}, money(line.total_minor)), each);
  }

  return { amount, count, moment, sheet };
})();
