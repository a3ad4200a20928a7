// Who vouches for a key: certificates of objects' keys, and the roots of the retailer that sign them.
"use strict";

const trust = (() => {
  const TYPE = "opos-key";
  const PAYLOAD_BYTES_MAX = 2 * 1024;
  const HEADER = /^\{"alg":"ES256","kid":"([\w-]{8})","typ":"opos-key"\}$/;

  const header = (kid) => `{"alg":"ES256","kid":"${kid}","typ":"${TYPE}"}`;

  // The certificate in a compact JWS, given as bytes of ASCII; who signed it is not verified yet.
  async function read(codes) {
    const { input, header: said, payload, signature } = jose.compact(codes);
    const found = HEADER.exec(said);
    if (!found || payload.length > PAYLOAD_BYTES_MAX) throw new Wrong("not-a-certificate");
    const { dev, tenant, key, tier, since_ms } = claims(payload);
    return { root: found[1], dev, tenant, tier, since_ms, by: await jose.publicKey(key), input, signature };
  }

  function claims(payload) {
    let said;
    try {
      said = JSON.parse(jose.text(payload));
    } catch {
      throw new Wrong("not-a-certificate");
    }
    const texts = [said?.dev, said?.tenant, said?.tier].every((one) => typeof one === "string");
    if (!texts || !Number.isSafeInteger(said.since_ms)) throw new Wrong("not-a-certificate");
    return said;
  }

  // The roots that this page believes; an entry of the list that is no key is left out.
  async function roots(list) {
    const read = await Promise.allSettled(Array.isArray(list) ? list.map(jose.publicKey) : []);
    return read.filter((one) => one.status === "fulfilled").map((one) => one.value);
  }

  // "vouched", "stranger" (no root of ours is named), or "forged" (one is named and did not sign).
  async function standing(certificate, believed) {
    const named = believed.filter((one) => one.kid === certificate.root);
    const fits = await Promise.all(named.map((one) => jose.signed(one, certificate.signature, certificate.input)));
    if (fits.includes(true)) return "vouched";
    return named.length ? "forged" : "stranger";
  }

  return { header, read, roots, standing };
})();
