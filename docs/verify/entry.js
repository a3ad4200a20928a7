// One entry of a journal: read from its JWS, or put together from its parts, and what can be wrong with its body.
"use strict";

const entries = (() => {
  // The same limits as the object's.
  const BODY_BYTES_MAX = 32 * 1024;
  const HEADER = /^\{"alg":"ES256","kid":"([\w-]{8})","prev":"([\w-]{43})"\}$/;

  const header = (kid, prev) => `{"alg":"ES256","kid":"${kid}","prev":"${prev}"}`;

  // The entry in a compact JWS, given as bytes of ASCII; nothing is verified yet.
  function fromJws(codes) {
    const { input, header: said, payload, signature } = jose.compact(codes);
    const found = HEADER.exec(said);
    if (!found) throw new Wrong("not-an-entry");
    return { kid: found[1], prev: found[2], input, signature, payload, body: bodyOf(payload) };
  }

  function fromParts(kid, prev, payload, signature) {
    const said = header(kid, prev);
    if (!HEADER.test(said)) throw new Wrong("not-an-entry");
    return { kid, prev, input: jose.signingInput(said, payload), signature, payload, body: bodyOf(payload) };
  }

  function bodyOf(payload) {
    if (payload.length > BODY_BYTES_MAX) throw new Wrong("too-long");
    const said = jose.text(payload);
    let body;
    try {
      body = JSON.parse(said);
    } catch {
      throw new Wrong("not-json");
    }
    if (!isBody(body)) throw new Wrong("not-a-body");
    // Written again, it is the same: no name stands in it twice, no number is written in a way of its own.
    if (JSON.stringify(body) !== said) throw new Wrong("two-readings");
    return body;
  }

  const isText = (value) => typeof value === "string";
  const isWhole = Number.isSafeInteger;
  const isThing = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

  function isBody(body) {
    return isThing(body) && [body.dev, body.epoch, body.idem, body.clock].every(isText)
      && isWhole(body.seq) && isWhole(body.wall_ms) && isThing(body.fact) && isText(body.fact.kind);
  }

  // What is wrong with a body by itself, whoever signed it.
  function* wrongs({ fact }) {
    if (fact.kind === "sale" && !isSale(fact)) yield new Wrong("not-a-sale");
    if (fact.kind === "refund" && !isRefund(fact)) yield new Wrong("not-a-refund");
    if (fact.postings !== undefined) yield* unbalanced(fact.postings);
    if (fact.moves !== undefined) yield* unmoved(fact.moves);
  }

  function* unbalanced(postings) {
    if (!Array.isArray(postings) || !postings.every(isPosting)) return yield new Wrong("not-postings");
    for (const [currency, sum] of sums(postings, (one) => one.currency, (one) => one.amount_minor)) {
      if (sum !== 0n) yield new Wrong("unbalanced", { money: [sum, currency] });
    }
  }

  function* unmoved(moves) {
    if (!Array.isArray(moves) || !moves.every(isThing)) return yield new Wrong("not-moves");
    for (const { gtin, giver, taker, units } of moves) {
      const moved = isText(gtin) && isText(giver) && isText(taker) && isWhole(units) && units > 0 && giver !== taker;
      if (!moved) yield new Wrong("moves-nothing", { what: String(gtin) });
    }
  }

  // In BigInt, since a sum of exact numbers need not be one.
  function sums(things, name, amount) {
    const found = new Map();
    for (const one of things) found.set(name(one), (found.get(name(one)) ?? 0n) + BigInt(amount(one)));
    return found;
  }

  const isPosting = (one) => isThing(one) && isText(one.account) && isText(one.currency) && isWhole(one.amount_minor);
  const isLine = (one) => isThing(one) && isText(one.name) && isText(one.gtin)
    && [one.units, one.price_minor, one.total_minor].every(isWhole) && isList(one.discounts, isDiscount);
  const isDiscount = (one) => isThing(one) && isText(one.promotion) && isWhole(one.amount_minor) && isText(one.words ?? "");
  const isPaid = (one) => isThing(one) && isText(one.provider) && isWhole(one.amount_minor) && isText(one.reference ?? "")
    && isText(one.card ?? "");
  const isTax = (one) => isThing(one) && [one.rate_bp, one.gross_minor, one.tax_minor].every(isWhole);

  // What may be left out of an entry, and is a list where it is not.
  const isList = (value, is) => value === undefined || (Array.isArray(value) && value.every(is));

  // All that is read off a sale when it is shown or counted.
  const isSale = (sale) => isReceipt(sale) && isText(sale.tender) && isText(sale.fiscal ?? "") && isList(sale.payments, isPaid);

  const isRefund = (refund) => isReceipt(refund) && isText(refund.provider);

  function isReceipt(fact) {
    return [fact.number, fact.business_date, fact.language].every(isText)
      && /^[A-Z]{3}$/.test(fact.currency) && isWhole(fact.total_minor)
      && Array.isArray(fact.lines) && fact.lines.every(isLine) && Array.isArray(fact.taxes) && fact.taxes.every(isTax);
  }

  return { BODY_BYTES_MAX, fromJws, fromParts, header, isSale, wrongs };
})();
