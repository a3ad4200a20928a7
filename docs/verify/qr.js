// A link as a QR code (ISO/IEC 18004), in one drawing: byte mode, level L, as the glass of an object shows it.
"use strict";

const qr = (() => {
  const BYTES_MAX = 2953; // version 40, level L
  const VERSION_MAX = 40;
  // Level L of table 9: codewords of error correction in a block, and how many blocks, by version.
  const CORRECTION = [
    7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
    28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ];
  const BLOCKS = [
    1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
    8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
  ];
  const LEVEL_L = 1;
  // The letters of a signature are as good as random: no mask breaks up more than another.
  const MASK = 0;
  const masked = (x, y) => (x + y) % 2 === 0;
  const QUIET_MODULES = 4;

  // --- what is written ---

  const alignments = (version) => (version === 1 ? 0 : Math.floor(version / 7) + 2);

  function codewordsIn(version) {
    const n = alignments(version);
    const around = n ? (25 * n - 10) * n - 55 : 0;
    return Math.floor(((16 * version + 128) * version + 64 - around - (version >= 7 ? 36 : 0)) / 8);
  }

  const dataIn = (version) => codewordsIn(version) - CORRECTION[version - 1] * BLOCKS[version - 1];
  const headBits = (version) => 4 + (version < 10 ? 8 : 16);

  function versionFor(count) {
    for (let version = 1; version <= VERSION_MAX; version += 1) {
      if (headBits(version) + 8 * count <= 8 * dataIn(version)) return version;
    }
    return null;
  }

  function dataOf(bytes, version) {
    const bits = [];
    const put = (value, length) => { for (let i = length - 1; i >= 0; i -= 1) bits.push((value >>> i) & 1); };
    put(4, 4);
    put(bytes.length, headBits(version) - 4);
    for (const byte of bytes) put(byte, 8);
    const all = dataIn(version);
    put(0, Math.min(4, 8 * all - bits.length));
    put(0, -bits.length & 7);
    const data = Array.from({ length: bits.length / 8 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((v, bit) => 2 * v + bit, 0));
    for (let pad = 0xec; data.length < all; pad ^= 0xec ^ 0x11) data.push(pad);
    return data;
  }

  // GF(2^8) of x^8 + x^4 + x^3 + x^2 + 1.
  function times(a, b) {
    let product = 0;
    for (let i = 7; i >= 0; i -= 1) product = (product << 1) ^ ((product >>> 7) * 0x11d) ^ (((b >>> i) & 1) * a);
    return product;
  }

  function divisor(degree) {
    const found = Array(degree).fill(0);
    found[degree - 1] = 1;
    for (let i = 0, root = 1; i < degree; i += 1, root = times(root, 2)) {
      for (let j = 0; j < degree; j += 1) found[j] = times(found[j], root) ^ (found[j + 1] ?? 0);
    }
    return found;
  }

  function correction(data, by) {
    const rest = Array(by.length).fill(0);
    for (const byte of data) {
      const factor = byte ^ rest.shift();
      rest.push(0);
      by.forEach((value, i) => { rest[i] ^= times(value, factor); });
    }
    return rest;
  }

  // Cut into blocks, and the blocks shuffled, so that a scratch hurts each of them a little.
  function codewords(data, version) {
    const count = BLOCKS[version - 1];
    const short = Math.floor(data.length / count);
    const longer = data.length % count;
    const by = divisor(CORRECTION[version - 1]);
    const blocks = Array.from({ length: count }, (_, i) => {
      const from = i * short + Math.max(0, i - (count - longer));
      return data.slice(from, from + short + (i >= count - longer ? 1 : 0));
    });
    const woven = (parts) => Array.from({ length: Math.max(...parts.map((one) => one.length)) }, (_, i) =>
      parts.filter((one) => i < one.length).map((one) => one[i])).flat();
    return [...woven(blocks), ...woven(blocks.map((block) => correction(block, by)))];
  }

  // --- where it stands ---

  function grid(version) {
    const size = 17 + 4 * version;
    const dark = Array.from({ length: size }, () => Array(size).fill(null));
    const set = (x, y, on) => { if (dark[y]?.[x] !== undefined) dark[y][x] = Boolean(on); };
    const square = (cx, cy, reach, isDark) => {
      for (let y = -reach; y <= reach; y += 1) {
        for (let x = -reach; x <= reach; x += 1) set(cx + x, cy + y, isDark(Math.max(Math.abs(x), Math.abs(y))));
      }
    };
    for (let i = 0; i < size; i += 1) {
      set(6, i, i % 2 === 0);
      set(i, 6, i % 2 === 0);
    }
    for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x, y, 4, (far) => far !== 2 && far !== 4);
    for (const [x, y] of crosses(version, size)) square(x, y, 2, (far) => far !== 1);
    informed(version, size, set);
    return dark;
  }

  function crosses(version, size) {
    const n = alignments(version);
    const step = Math.floor((version * 8 + n * 3 + 5) / (n * 4 - 4)) * 2;
    const places = Array.from({ length: n }, (_, i) => (i === 0 ? 6 : size - 7 - (n - 1 - i) * step));
    const corner = (x, y) => (x === 6 && y === 6) || (x === 6 && y === size - 7) || (x === size - 7 && y === 6);
    return places.flatMap((x) => places.map((y) => [x, y])).filter(([x, y]) => !corner(x, y));
  }

  // Level, mask and version, each with its own error correction (annexes C and D).
  function informed(version, size, set) {
    const bit = (value, i) => (value >>> i) & 1;
    const format = ((LEVEL_L << 3) | MASK) << 10;
    const level = (format | remainder(format, 10, 0x537)) ^ 0x5412;
    for (let i = 0; i < 15; i += 1) {
      const along = i < 6 ? i : i < 8 ? i + 1 : size - 15 + i;
      const across = i < 8 ? size - 1 - i : i === 8 ? 7 : 14 - i;
      set(8, along, bit(level, i));
      set(across, 8, bit(level, i));
    }
    set(8, size - 8, true);
    const told = (version << 12) | remainder(version << 12, 12, 0x1f25);
    for (let i = 0; version >= 7 && i < 18; i += 1) {
      const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
      set(a, b, bit(told, i));
      set(b, a, bit(told, i));
    }
  }

  function remainder(value, degree, by) {
    for (let i = 31 - Math.clz32(value); i >= degree; i = 31 - Math.clz32(value)) value ^= by << (i - degree);
    return value;
  }

  // Two columns at a time, up and down, from the right; what already stands there is walked around.
  function fill(dark, bytes) {
    const size = dark.length;
    let at = 0;
    for (let right = size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let i = 0; i < size; i += 1) {
        const y = ((right + 1) & 2) === 0 ? size - 1 - i : i;
        for (const x of [right, right - 1]) {
          if (dark[y][x] !== null) continue;
          dark[y][x] = (((bytes[at >>> 3] ?? 0) >>> (7 - (at & 7))) & 1) === 1 !== masked(x, y);
          at += 1;
        }
      }
    }
    return dark;
  }

  // The modules of a text, row by row; null if it is too long for a code.
  function modules(text) {
    const bytes = new TextEncoder().encode(text);
    const version = bytes.length <= BYTES_MAX ? versionFor(bytes.length) : null;
    return version && fill(grid(version), codewords(dataOf(bytes, version), version));
  }

  // The same as one path, each run of dark modules a bar.
  function path(dark) {
    const bars = dark.flatMap((row, y) => row.map((on, x) => (on && !row[x - 1]
      ? `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h${(row.indexOf(false, x) < 0 ? row.length : row.indexOf(false, x)) - x}v1H${x + QUIET_MODULES}z` : "")));
    return { d: bars.join(""), side: dark.length + 2 * QUIET_MODULES };
  }

  return { modules, path };
})();
