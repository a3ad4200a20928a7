// A receipt from its URL fragment: put together again, and every signature and name in it checked.
"use strict";

const receipts = (() => {
  // As in cloud_sync/contract/fragment.py: the form, its limits, and its dictionary, which stays what it is for good.
  const FORM = "1";
  const PARTS = 7;
  const FRAGMENT_CHARS_MAX = 1500;
  const PLAIN_CHARS_MAX = 64 * 1024;
  const CERTIFICATE_BYTES_MAX = 2 * 1024;
  const LINE_FEED = 10;
  const DICTIONARY = jose.utf8(
    '{"dev":"mirror-","epoch":"","seq":1,"idem":"sale/","boot":"","mono_us":1,"wall_ms":17,'
    + '"clock":"untrusted","clock":"trusted","fact":{"kind":"sale","sale":"","number":"-000",'
    + '"business_date":"202","language":"zh","language":"es","language":"de","language":"en",'
    + '"currency":"USD","total_minor":1,"tender":"card","tender":"house-account",'
    + '"prices":{"generation":1,"n":1},"lines":[{"gtin":"0","name":"","units":1,"price_minor":1,'
    + '"total_minor":1,"tax":"standard","epcs":[]},{"gtin":"0","name":"","tax":"reduced","epcs":["30"]}],'
    + '"taxes":[{"tax":"standard","rate_bp":1900,"gross_minor":1,"tax_minor":1},{"tax":"reduced",'
    + '"rate_bp":700,"gross_minor":1}],"postings":[{"account":"receivable/","amount_minor":1,'
    + '"currency":"EUR"},{"account":"revenue","amount_minor":-1,"currency":"EUR"},'
    + '{"account":"tax/standard","amount_minor":-1,"currency":"EUR"},{"account":"tax/reduced",'
    + '"amount_minor":-1}],"moves":[{"gtin":"0","giver":"floor","taker":"sold","units":1},{"gtin":"0",'
    + '"giver":"shelf-","taker":"sold","units":1}],"fiscal":null}}\n{"dev":"shelf-","tenant":"",'
    + '"key":{"x":"","y":""},"tier":"tpm","tier":"sealed-file","tier":"file","since_ms":17',
  );

  // The fragment of a link, or of a text that was pasted: mail programs break lines, and some escape the tilde.
  function fragmentOf(pasted) {
    const text = pasted.replace(/\s+/g, "");
    return text.slice(text.indexOf("#") + 1).replace(/%7e/gi, "~");
  }

  async function parse(fragment) {
    const plain = fragment.split("~");
    if (plain.length === 2) return readPlain(fragment, ...plain);
    if (fragment.length > FRAGMENT_CHARS_MAX) throw new Wrong("too-long");
    const parts = fragment.split(".");
    if (parts.length !== PARTS || parts[0] !== FORM) throw new Wrong("not-a-receipt");
    const [, kid, prev, squeezed, signature, root, certified] = parts;
    const [body, claims] = await expand(jose.unb64(jose.utf8(squeezed)));
    const header = trust.header(root);
    const certificate = `${jose.text(jose.signingInput(header, claims))}.${certified}`;
    return {
      entry: entries.fromParts(kid, prev, body, jose.signature(jose.utf8(signature))),
      certificate: await trust.read(jose.utf8(certificate)),
    };
  }

  async function readPlain(fragment, entry, certificate) {
    if (fragment.length > PLAIN_CHARS_MAX) throw new Wrong("too-long");
    return { entry: entries.fromJws(jose.utf8(entry)), certificate: await trust.read(jose.utf8(certificate)) };
  }

  async function expand(squeezed) {
    const most = entries.BODY_BYTES_MAX + 1 + CERTIFICATE_BYTES_MAX;
    const both = await jose.inflate(squeezed, DICTIONARY, most);
    const end = both.indexOf(LINE_FEED);
    if (end < 0) throw new Wrong("not-a-receipt");
    return [both.subarray(0, end), both.subarray(end + 1)];
  }

  // The verdict on a fragment: "genuine", "unvouched", "false" or "unreadable", with every reason.
  async function check(fragment, believed) {
    let read;
    try {
      read = await parse(fragment);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      return { verdict: "unreadable", wrongs: [error] };
    }
    const { entry, certificate } = read;
    const standing = await trust.standing(certificate, believed);
    const wrongs = [...(await forgeries(entry, certificate, standing)), ...entries.wrongs(entry.body)];
    if (!["sale", "refund"].includes(entry.body.fact.kind)) wrongs.push(new Wrong("no-sale"));
    const verdict = wrongs.length ? "false" : standing === "vouched" ? "genuine" : "unvouched";
    return { verdict, wrongs, entry, certificate, hash: jose.b64Text(await jose.sha256(entry.input)) };
  }

  async function forgeries(entry, { by, dev }, standing) {
    const signed = entry.kid === by.kid && (await jose.signed(by, entry.signature, entry.input));
    return [
      entry.kid !== by.kid && new Wrong("other-key", { expected: by.kid, got: entry.kid }),
      entry.kid === by.kid && !signed && new Wrong("signature", { kid: entry.kid }),
      dev !== entry.body.dev && new Wrong("other-object", { expected: dev, got: entry.body.dev }),
      standing === "forged" && new Wrong("certificate-signature"),
    ].filter(Boolean);
  }

  return { check, fragmentOf };
})();
