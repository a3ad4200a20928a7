// A whole exported ledger: every signature checked, and the chain followed from its first entry to its head.
"use strict";

const ledgers = (() => {
  // So many entries are checked side by side, in some 20 ms; then the page paints, and answers whoever touches it.
  const PIECE = 128;
  // A file whose first lines are no entries is no ledger: nobody waits for the end of it.
  const STRANGE_LINES_MAX = 16;
  // Runs of problems that are listed one by one; the rest is counted.
  const RUNS_MAX = 500;

  // The report on `file`, or null when `signal` ended it; `certificate` gives a key to a ledger that names none.
  async function check(file, { certificate = null, progress, signal }) {
    const walk = new Walk(certificate);
    let bytes = 0;
    for await (const found of lines.cut(file.stream())) {
      for (let at = 0; at < found.length; at += PIECE) {
        if (signal.aborted) return null;
        const piece = found.slice(at, at + PIECE);
        await walk.follow(piece);
        if (walk.isLost()) return walk.report();
        bytes += piece.reduce((sum, line) => sum + (line?.length ?? 0) + 1, 0);
        progress({ bytes, entries: walk.entries });
        await turn();
      }
    }
    return walk.report();
  }

  // A turn for whoever else waits in this page. Timers are slow where nobody looks at it; messages are not.
  function turn() {
    return new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { port1.close(); done(); };
      port2.postMessage(0);
    });
  }

  class Walk {
    entries = 0;
    unread = 0;
    sales = 0;
    takings = new Map();
    keys = [];
    problems = 0;
    runs = [];
    unlisted = 0;
    #latest = new Map();
    #signers = new Set();
    #certificate;
    #by = null;
    #first = null;
    #start = null;
    #expected = 1;
    #prev = null;
    #wall_ms = 0;
    #last_ms = 0;
    #line = 0;

    constructor(certificate) {
      this.#certificate = certificate;
    }

    isLost() {
      return this.entries === 0 && this.unread >= STRANGE_LINES_MAX;
    }

    async follow(piece) {
      const read = piece.filter((line) => line === null || line.length).map((line) => this.#read(line));
      const hashes = await Promise.all(read.map(({ entry }) => entry && jose.sha256(entry.input)));
      for (const one of read) if (one.entry) await this.#sign(one);
      for (const [i, one] of read.entries()) {
        if (one.entry) this.#place(one, await one.fits, jose.b64Text(hashes[i]));
        else this.#skip(one);
      }
    }

    #read(line) {
      this.#line += 1;
      try {
        return { line: this.#line, entry: lines.read(line) };
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        return { line: this.#line, wrong: error };
      }
    }

    // Which key must have signed an entry, and whether it did; the next key counts only if this one signed it.
    async #sign(one) {
      if (!this.#first) await this.#begin(one.entry);
      one.by = this.#by;
      if (!one.by) return;
      one.fits = one.entry.kid === one.by.kid && jose.signed(one.by, one.entry.signature, one.entry.input);
      const { fact, seq } = one.entry.body;
      if (fact.kind === "key.rotated" && (await one.fits)) await this.#take(fact.key, fact.tier, seq + 1);
    }

    async #begin(entry) {
      const { fact, seq, epoch } = entry.body;
      this.#first = entry.body;
      this.#start = fact.kind === "checkpoint" && seq > 1 ? "checkpoint" : fact.kind === "genesis" ? "genesis" : "nowhere";
      if (this.#start !== "nowhere") await this.#take(fact.key, fact.tier, seq);
      else if (this.#certificate?.by.kid === entry.kid) this.#beginByCertificate(seq);
      if (this.#start === "genesis") this.#prev = jose.b64Text(await jose.sha256(jose.utf8(epoch)));
      else this.#expected = seq;
    }

    #beginByCertificate(seq) {
      this.#start = "certificate";
      this.#by = this.#certificate.by;
      this.keys.push({ by: this.#by, tier: this.#certificate.tier, from: seq });
    }

    async #take(key, tier, from) {
      try {
        this.#by = await jose.publicKey(key);
        this.keys.push({ by: this.#by, tier, from });
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        this.#problem(from, error);
      }
    }

    #skip({ line, wrong }) {
      this.unread += 1;
      this.#problem(this.#expected, new Wrong(wrong.code, { ...wrong.filled, line }));
      this.#expected += 1;
      this.#prev = null;
    }

    #place({ entry, by }, fits, hash) {
      const { body } = entry;
      // What nobody signed cannot say itself where it stands: it stands where it was found.
      const seq = fits === false ? this.#expected : body.seq;
      if (this.#start === "nowhere" && body === this.#first) this.#problem(seq, new Wrong("nobody-signs"));
      if (fits) this.#signers.add(by.thumbprint);
      if (fits !== false) this.#columns(seq, entry, hash);
      else if (entry.kid === by.kid) this.#problem(seq, new Wrong("signature", { kid: by.kid }));
      else this.#problem(seq, new Wrong("other-key", { expected: by.kid, got: entry.kid }));
      if (seq !== body.seq) this.#problem(seq, new Wrong("seq", { got: body.seq }));
      if (seq < this.#expected) this.#problem(seq, new Wrong("out-of-place", { expected: this.#expected }));
      else this.#follow(seq, entry, hash, fits);
      for (const wrong of this.#meaning(body, by)) this.#problem(seq, wrong);
    }

    #follow(seq, { prev, body }, hash, fits) {
      const [first, last, n] = [this.#expected, seq - 1, seq - this.#expected];
      if (n > 0) this.#problem(seq, new Wrong("missing", { first, last, n }));
      else if (this.#prev !== null && prev !== this.#prev) this.#problem(seq, new Wrong("prev"));
      if (fits !== false) this.#clock(seq, body);
      this.#expected = seq + 1;
      this.#prev = hash;
      this.#count(body);
    }

    #clock(seq, { wall_ms }) {
      if (wall_ms < this.#wall_ms) this.#problem(seq, new Wrong("clock-back"));
      this.#wall_ms = Math.max(this.#wall_ms, wall_ms);
    }

    #count({ fact, wall_ms }) {
      this.entries += 1;
      this.#last_ms = wall_ms;
      if (fact.kind !== "sale" || !entries.isSale(fact)) return;
      this.sales += 1;
      this.takings.set(fact.currency, (this.takings.get(fact.currency) ?? 0n) + BigInt(fact.total_minor));
    }

    // What a line of JSON says beside the signed bytes must be what those say.
    #columns(seq, { body, columns }, hash) {
      if (!columns) return;
      const said = { seq: body.seq, kind: body.fact.kind, idem: body.idem, hash };
      for (const name of Object.keys(said)) if (columns[name] !== said[name]) this.#problem(seq, new Wrong("column", { name }));
    }

    *#meaning(body, by) {
      const { dev, epoch, fact } = body;
      if (dev !== this.#first.dev) yield new Wrong("other-object", { expected: this.#first.dev, got: dev });
      if (epoch !== this.#first.epoch) yield new Wrong("other-epoch");
      if (fact.kind === "genesis" && body !== this.#first) yield new Wrong("genesis-again");
      if (fact.kind === "checkpoint" && by && (fact.key?.x !== by.x || fact.key?.y !== by.y)) yield new Wrong("checkpoint-key");
      yield* entries.wrongs(body);
    }

    // The same problem in entry after entry is one run: a page of a thousand equal sentences tells nobody anything.
    #problem(seq, { code, filled }) {
      this.problems += 1;
      const name = JSON.stringify([code, { ...filled, line: 0 }], (_, value) => (typeof value === "bigint" ? `${value}` : value));
      const run = this.#latest.get(code);
      if (run?.name === name && seq >= run.last && seq <= run.last + 1) {
        run.last = seq;
      } else if (this.runs.length < RUNS_MAX) {
        this.#latest.set(code, { code, filled, name, first: seq, last: seq });
        this.runs.push(this.#latest.get(code));
      } else {
        this.unlisted += 1;
      }
    }

    report() {
      return {
        ...this,
        keys: this.keys.map((key) => ({ ...key, signed: this.#signers.has(key.by.thumbprint) })),
        is: this.entries ? "ledger" : "no-ledger",
        start: this.#start,
        dev: this.#first?.dev,
        epoch: this.#first?.epoch,
        first: this.#first?.seq,
        from_ms: this.#first?.wall_ms,
        to_ms: this.#last_ms,
        head: this.#expected - 1,
        hash: this.#prev,
      };
    }
  }

  // Whether the retailer stands behind an intact ledger: "nobody", "vouched", "stranger", "forged"; and what does not fit.
  // A key that was handed the ledger and never signed anything in it says nothing about what is in it.
  async function vouch({ keys, dev }, certificate, believed) {
    if (!certificate) return { standing: "nobody", wrongs: [] };
    const standing = await trust.standing(certificate, believed);
    const signers = keys.filter(({ signed }) => signed).map(({ by }) => by);
    const known = signers.some((one) => one.thumbprint === certificate.by.thumbprint);
    const wrongs = [
      certificate.dev !== dev && new Wrong("other-object", { expected: certificate.dev, got: dev }),
      !known && new Wrong("other-key", { expected: certificate.by.kid, got: signers.map((one) => one.kid).join(", ") }),
      standing === "forged" && new Wrong("certificate-signature"),
    ].filter(Boolean);
    return { standing, wrongs };
  }

  return { check, vouch };
})();
