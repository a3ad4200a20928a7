// Base64url, compact JWS, ES256, key thumbprints and deflate: the standards, on the browser's own cryptography.
"use strict";

// What does not fit: `code` names a sentence of words.js, `filled` what is filled in there.
class Wrong extends Error {
  constructor(code, filled = {}) {
    super(code);
    this.code = code;
    this.filled = filled;
  }
}

const jose = (() => {
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const CODES = Uint8Array.from(LETTERS, (letter) => letter.charCodeAt(0));
  const VALUES = new Int8Array(256).fill(-1);
  CODES.forEach((code, value) => { VALUES[code] = value; });

  const DOT = ".".charCodeAt(0);
  const P_256 = { name: "ECDSA", namedCurve: "P-256" };
  const ES256 = { name: "ECDSA", hash: "SHA-256" };
  const COORDINATE = /^[\w-]{43}$/;
  const SIGNATURE_BYTES = 64;
  const KID_CHARACTERS = 8;

  const writer = new TextEncoder();
  // A byte order mark is a character like any other: bytes are read as what was signed, or not at all.
  const reader = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  const utf8 = (text) => writer.encode(text);

  function text(bytes) {
    try {
      return reader.decode(bytes);
    } catch {
      throw new Wrong("not-utf8");
    }
  }

  // RFC 4648 section 5 without padding, and only as it is written: no other letters, no spare bits.
  function unb64(codes) {
    if (codes.length % 4 === 1) throw new Wrong("letters");
    const bytes = new Uint8Array(Math.floor((codes.length * 3) / 4));
    let held = 0;
    let bits = 0;
    let at = 0;
    for (let i = 0; i < codes.length; i += 1) {
      const value = VALUES[codes[i]];
      if (value < 0) throw new Wrong("letters");
      held = ((held << 6) | value) & 0xfff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes[at] = held >> bits;
        at += 1;
      }
    }
    if (held & ((1 << bits) - 1)) throw new Wrong("letters");
    return bytes;
  }

  function b64(bytes) {
    const codes = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
    let held = 0;
    let bits = 0;
    let at = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      held = ((held << 8) | bytes[i]) & 0xffff;
      bits += 8;
      while (bits >= 6) {
        bits -= 6;
        codes[at] = CODES[(held >> bits) & 63];
        at += 1;
      }
    }
    if (bits) codes[at] = CODES[(held << (6 - bits)) & 63];
    return codes;
  }

  const b64Text = (bytes) => text(b64(bytes));

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  // RFC 7515: the signing input as it is signed, the header, the payload and the signature.
  function compact(codes) {
    const first = codes.indexOf(DOT);
    const last = codes.lastIndexOf(DOT);
    if (first < 0 || first === last || codes.indexOf(DOT, first + 1) !== last) throw new Wrong("not-a-jws");
    return {
      input: codes.subarray(0, last),
      header: text(unb64(codes.subarray(0, first))),
      payload: unb64(codes.subarray(first + 1, last)),
      signature: signature(codes.subarray(last + 1)),
    };
  }

  // RFC 7518, section 3.4: r and s, and nothing shorter.
  function signature(codes) {
    const bytes = unb64(codes);
    if (bytes.length !== SIGNATURE_BYTES) throw new Wrong("letters");
    return bytes;
  }

  function signingInput(header, payload) {
    const head = b64(utf8(header));
    const body = b64(payload);
    const input = new Uint8Array(head.length + 1 + body.length);
    input.set(head);
    input[head.length] = DOT;
    input.set(body, head.length + 1);
    return input;
  }

  // A P-256 key by its coordinates, named by its RFC 7638 thumbprint: what else a JWK says of itself is not believed.
  async function publicKey(jwk) {
    const { x, y } = jwk ?? {};
    if (!COORDINATE.test(x) || !COORDINATE.test(y)) throw new Wrong("not-a-key");
    const thumbprint = b64Text(await sha256(utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`)));
    let key;
    try {
      key = await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x, y }, P_256, false, ["verify"]);
    } catch {
      throw new Wrong("not-a-key");
    }
    return { key, x, y, thumbprint, kid: thumbprint.slice(0, KID_CHARACTERS) };
  }

  const signed = (by, rs, input) => crypto.subtle.verify(ES256, by.key, rs, input);

  // RFC 1951, section 3.2.4: a stored block that is not the last one.
  function storedBlock(bytes) {
    const size = bytes.length;
    const block = new Uint8Array(5 + size);
    block.set([0, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255]);
    block.set(bytes, 5);
    return block;
  }

  // A browser's inflate knows no preset dictionary: it is fed the dictionary as a stored block, and we drop what comes of it.
  async function inflate(squeezed, dictionary, most) {
    const press = new DecompressionStream("deflate-raw");
    const feed = press.writable.getWriter();
    const fed = [feed.write(storedBlock(dictionary)), feed.write(squeezed), feed.close()];
    Promise.allSettled(fed); // what goes wrong there is told to the reader below
    const out = new Uint8Array(dictionary.length + most);
    let size = 0;
    try {
      for await (const piece of pieces(press.readable)) {
        if (size + piece.length > out.length) throw new Wrong("too-long");
        out.set(piece, size);
        size += piece.length;
      }
    } catch (error) {
      throw error instanceof Wrong ? error : new Wrong("letters");
    }
    return out.subarray(dictionary.length, size);
  }

  // Not every browser iterates over a stream by itself.
  async function* pieces(stream) {
    const source = stream.getReader();
    try {
      for (let next = await source.read(); !next.done; next = await source.read()) yield next.value;
    } finally {
      source.cancel().catch(() => {}); // it has ended, or nobody reads on: nothing is left to be told
    }
  }

  return { b64, b64Text, compact, inflate, pieces, publicKey, sha256, signature, signed, signingInput, text, unb64, utf8 };
})();
