// A sale as its receipt says it, in the shopper's language and the currency of the sale, as people read amounts and dates.
"use strict";

const paper = (() => {
  const { h } = draw;

  // ISO 4217, column "minor unit", where it is not 2. Browsers count the digits that people still write, which differ.
  const MINOR_DIGITS = {
    BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0, VND: 0, VUV: 0,
    XAF: 0, XOF: 0, XPF: 0, BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3, CLF: 4, UYW: 4,
  };
  // As in retail/receipt_words.py.
  const CARD_PROVIDERS = ["zvt", "nexo", "stripe"];
  // What an object that trains is called in every entry: as in cloud_sync/contract/training.py.
  const TRAINING_SUFFIX = ".training";

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

  // The receipt itself: what was bought or came back, the taxes, what it came to, and how it was paid. It is in the
  // language that it was bought in, until the shopper chooses another; `shop` is null where nobody vouches for that name.
  function sheet(dev, fact, shop) {
    const language = words.chosen ?? fact.language;
    const said = PAPER_WORDS[language.split("-")[0]] ?? PAPER_WORDS.en;
    const money = (minor) => amount(minor, fact.currency, language);
    const direction = words.isRightToLeft(language) ? "rtl" : "ltr";
    const back = fact.kind === "refund";
    const title = back ? said.credit : said.receipt;
    const added = isTaxAdded(fact);
    const training = () => dev.endsWith(TRAINING_SUFFIX) ? h("p.training", {}, said.training) : null;
    const total = h("p.total", {}, h("span", {}, back ? said.back : said.total), raised(fact.total_minor, fact.currency, language));
    const taxes = h("ul.taxes", {}, fact.taxes.map((tax) => taxed(tax, added, said, language, money)));
    const subtotal = added ? h("ul.subtotal", {}, row(said.subtotal, money(sum(fact.lines, "total_minor")))) : null;
    return h("article.paper", { lang: language, dir: direction, "aria-label": `${title} ${fact.number}` },
      training(),
      h("header", {}, shop ? h("p.shop", {}, h("bdi", {}, shop)) : null, h(shop ? "p.object" : "p.shop", {}, h("bdi", {}, dev)),
        h("p.number", {}, title, " ", h("bdi", {}, fact.number)),
        h("time", { datetime: fact.business_date }, day(fact.business_date, language))),
      h("ul.lines", {}, fact.lines.map((line) => goods(line, said, money))),
      ...(added ? [subtotal, taxes, total] : [total, taxes]),
      h("ul.payments", {}, paid(fact, said, money)),
      fact.fiscal ? h("p.fiscal", {}, said.fiscal, " ", h("bdi", {}, fact.fiscal)) : null,
      training());
  }

  const row = (start, end) => h("li", {}, h("span", {}, start), end === undefined ? null : h("span.sum", {}, end));

  const sum = (things, name) => things.reduce((all, one) => all + BigInt(one[name]), 0n);

  // Lines that come to the total only with the taxes are prices without them.
  function isTaxAdded(fact) {
    const lines = sum(fact.lines, "total_minor");
    const total = BigInt(fact.total_minor);
    return lines !== total && lines + sum(fact.taxes, "tax_minor") === total;
  }

  function taxed({ rate_bp, gross_minor, tax_minor }, added, said, language, money) {
    const values = { rate: percent(rate_bp, language), gross: money(gross_minor), net: money(gross_minor - tax_minor) };
    return row(words.print(added ? said.tax_added : said.tax, values), money(tax_minor));
  }

  // The amounts of the goods and of what was taken off them add up.
  function goods(line, said, money) {
    const discounts = line.discounts ?? [];
    const whole = BigInt(line.total_minor) + sum(discounts, "amount_minor");
    return h("li", {}, h("span.name", {}, h("bdi", {}, line.name)), h("span.sum", {}, money(whole)),
      line.units === 1 ? null : h("span.each", {}, `${line.units} × ${money(line.price_minor)}`),
      discounts.flatMap((one) => [
        h("span.less", {}, reason(one, said)),
        h("span.less.sum", {}, money(-one.amount_minor)),
      ]));
  }

  // As the shopper saw it; what was signed without words is called by its id.
  function reason({ promotion, words: seen }, said) {
    if (promotion === "member-price") return said.member_price;
    return seen ? h("bdi", {}, seen) : [said.discount, " ", h("bdi", {}, promotion)];
  }

  // Without payments the tender needed none; a refund goes back where the money came from.
  function paid(fact, said, money) {
    const all = fact.payments ?? [{ provider: fact.tender ?? fact.provider, amount_minor: fact.total_minor }];
    const rounding = sum(all, "amount_minor") - BigInt(fact.total_minor);
    return [
      rounding !== 0n && all.length ? row(said.rounding, money(rounding)) : null,
      ...all.flatMap(({ provider, amount_minor, card, reference, stored }) => [
        row([way(provider, said.paid), card ? ` ${card}` : ""], money(amount_minor)),
        stored === true ? h("li.said", {}, said.stored) : null,
        reference ? h("li.said", {}, said.reference, " ", h("bdi", {}, reference)) : null,
      ]),
    ].filter(Boolean);
  }

  // What a shopper calls a way to pay; one that has no word says its own name.
  function way(provider, called) {
    const name = CARD_PROVIDERS.includes(provider) ? "card" : provider;
    return Object.hasOwn(called, name) ? called[name] : h("bdi", {}, provider);
  }

  return { amount, count, moment, sheet };
})();
