// The lines of an exported ledger, in both formats: cut from a stream, and read one by one.
"use strict";

const lines = (() => {
  // The longest entry takes 44 KiB in base64; what is longer than this is no line of an export.
  const LINE_BYTES_MAX = 64 * 1024;
  const [LINE_FEED, RETURN, BRACE, BRACE_END] = [..."\n\r{}"].map((letter) => letter.charCodeAt(0));
  const BODY = jose.utf8(',"body":');

  // Lists of lines as a stream brings them; `null` is a line that is too long to be one.
  async function* cut(stream) {
    let rest = new Uint8Array();
    let skipping = false;
    for await (const piece of jose.pieces(stream)) {
      const bytes = joined(rest, piece);
      const found = [];
      let at = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, at)) {
        if (!skipping) found.push(bytes.subarray(at, end));
        skipping = false;
        at = end + 1;
      }
      rest = bytes.subarray(at);
      if (rest.length > LINE_BYTES_MAX) {
        if (!skipping) found.push(null);
        skipping = true;
        rest = rest.subarray(rest.length);
      }
      yield found;
    }
    if (rest.length && !skipping) yield [rest];
  }

  function joined(one, other) {
    if (!one.length) return other;
    const both = new Uint8Array(one.length + other.length);
    both.set(one);
    both.set(other, one.length);
    return both;
  }

  // The entry on a line; what the line says beside it, in `columns`, is still to be compared.
  function read(line) {
    if (line === null || line.length > LINE_BYTES_MAX) throw new Wrong("too-long");
    const bytes = line.at(-1) === RETURN ? line.subarray(0, -1) : line;
    return bytes[0] === BRACE ? fromJson(bytes) : entries.fromJws(bytes);
  }

  // `body` comes last, and is not touched: the bytes that were signed stand in the line as they are.
  function fromJson(line) {
    const at = find(line, BODY);
    if (at < 0 || line.at(-1) !== BRACE_END) throw new Wrong("not-a-line");
    const { kid, prev, sig, ...columns } = head(line.subarray(0, at));
    const entry = entries.fromParts(kid, prev, line.subarray(at + BODY.length, -1), jose.signature(jose.utf8(sig)));
    return { ...entry, columns };
  }

  function head(bytes) {
    let said;
    try {
      said = JSON.parse(`${jose.text(bytes)}}`);
    } catch {
      throw new Wrong("not-a-line");
    }
    const texts = [said.kind, said.idem, said.kid, said.prev, said.hash, said.sig];
    if (!Number.isSafeInteger(said.seq) || !texts.every((one) => typeof one === "string")) throw new Wrong("not-a-line");
    return said;
  }

  // A quotation mark inside of a text is written with a backslash, so the first place is the name of the member.
  function find(bytes, wanted) {
    for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
      if (wanted.every((code, i) => bytes[at + i] === code)) return at;
    }
    return -1;
  }

  return { cut, read };
})();
