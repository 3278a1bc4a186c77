/** QR codes (ISO/IEC 18004) of bytes, in versions 1 to 10 with error correction M: up to 213 bytes. */

/** Of each version from 1: codewords of error correction in a block, and the number of blocks. */
const BLOCKS: readonly (readonly [number, number])[] = [
  [10, 1],
  [16, 1],
  [26, 1],
  [18, 2],
  [24, 2],
  [16, 4],
  [18, 4],
  [22, 4],
  [22, 5],
  [26, 5],
];
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

type Matrix = boolean[][];

/** Rows of modules, true where dark, without the quiet zone. Throws RangeError for a text that is too long. */
export function qrCode(text: string): Matrix {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((_, index) => bytes.length <= capacity(index + 1)) + 1;
  if (version === 0) throw new RangeError(`${bytes.length} bytes; a QR code has at most ${capacity(10)}`);
  const { modules, isFunction } = patterns(version);
  place(interleave(dataOf(bytes, version), version), modules, isFunction);
  const masked = MASKS.map((mask, number) => {
    const rows = modules.map((row, y) => row.map((dark, x) => dark !== (!isFunction[y]?.[x] && mask(x, y))));
    writeFormat(rows, number);
    return rows;
  });
  const penalties = masked.map(penaltyOf);
  return masked[penalties.indexOf(Math.min(...penalties))] as Matrix;
}

/** The modules as a path of SVG, one unit each. */
export function pathOf(modules: Matrix): string {
  return modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
}

function alignments(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const last = version * 4 + 10;
  return [6, ...Array.from({ length: count - 1 }, (_, index) => last - step * (count - 2 - index))];
}

/** How many codewords fit, with those of error correction. */
function codewords(version: number): number {
  const count = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const aligned = count ? (25 * count - 10) * count - 55 : 0;
  return Math.floor(((16 * version + 128) * version + 64 - aligned - (version >= 7 ? 36 : 0)) / 8);
}

function dataLength(version: number): number {
  const [correction, blocks] = BLOCKS[version - 1] as readonly [number, number];
  return codewords(version) - correction * blocks;
}

function capacity(version: number): number {
  return dataLength(version) - (version < 10 ? 2 : 3);
}

function dataOf(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const put = (value: number, width: number) => {
    for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, 4);
  while (bits.length % 8) bits.push(0);
  const data = Array.from({ length: bits.length / 8 }, (_, at) =>
    bits.slice(8 * at, 8 * at + 8).reduce((byte, bit) => 2 * byte + bit, 0),
  );
  const length = dataLength(version);
  for (let pad = 0xec; data.length < length; pad ^= 0xfd) data.push(pad);
  return data.slice(0, length);
}

/** Data in blocks, each with its error correction, one codeword of each block in turn. */
function interleave(data: readonly number[], version: number): number[] {
  const [correction, count] = BLOCKS[version - 1] as readonly [number, number];
  const short = Math.floor(data.length / count);
  const longFrom = count - (data.length % count);
  const blocks = Array.from({ length: count }, (_, index) => {
    const start = index * short + Math.max(0, index - longFrom);
    return data.slice(start, start + short + (index >= longFrom ? 1 : 0));
  });
  const corrections = blocks.map((block) => remainder(block, correction));
  const byTurns = (parts: readonly number[][], length: number) =>
    Array.from({ length }, (_, at) => parts.flatMap((part) => part[at] ?? [])).flat();
  return [...byTurns(blocks, short + 1), ...byTurns(corrections, correction)];
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

/** Of Reed and Solomon, over GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function remainder(data: readonly number[], degree: number): number[] {
  let divisor = [1];
  for (let index = 0, root = 1; index < degree; index += 1, root = multiply(root, 2)) {
    const shifted = [...divisor, 0];
    divisor = shifted.map((each, at) => each ^ multiply(at ? (divisor[at - 1] ?? 0) : 0, root));
  }
  const rest = Array.from({ length: degree }, () => 0);
  for (const byte of data) {
    const factor = byte ^ (rest.shift() ?? 0);
    rest.push(0);
    for (let at = 0; at < degree; at += 1)
      rest[at] = (rest[at] ?? 0) ^ multiply(divisor[at + 1] ?? 0, factor);
  }
  return rest;
}

/** The modules that every code of a version has. */
function patterns(version: number): { modules: Matrix; isFunction: Matrix } {
  const size = version * 4 + 17;
  const empty = () => Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  const [modules, isFunction] = [empty(), empty()];
  const set = (x: number, y: number, dark: boolean) => {
    if (modules[y]?.[x] === undefined) return;
    (modules[y] as boolean[])[x] = dark;
    (isFunction[y] as boolean[])[x] = true;
  };
  const square = (left: number, top: number, reach: number, isDark: (distance: number) => boolean) => {
    for (let y = -reach; y <= reach; y += 1)
      for (let x = -reach; x <= reach; x += 1)
        set(left + x, top + y, isDark(Math.max(Math.abs(x), Math.abs(y))));
  };
  for (let at = 0; at < size; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const)
    square(x, y, 4, (distance) => distance !== 2 && distance !== 4);
  const centres = alignments(version);
  // Not on a finder.
  for (const x of centres)
    for (const y of centres)
      if ((x > 6 && y > 6) || (x > 6 && x < size - 7) || (y > 6 && y < size - 7))
        square(x, y, 2, (distance) => distance !== 1);
  // Where the format is written, which is not known before the mask.
  for (let at = 0; at < 9; at += 1) reserve(isFunction, at, size);
  if (version >= 7) {
    const bits = (version << 12) | bch(version, 12, 0x1f25);
    for (let at = 0; at < 18; at += 1) {
      const [near, far] = [Math.floor(at / 3), size - 11 + (at % 3)];
      set(far, near, ((bits >> at) & 1) === 1);
      set(near, far, ((bits >> at) & 1) === 1);
    }
  }
  return { modules, isFunction };
}

function reserve(isFunction: Matrix, at: number, size: number): void {
  for (const [x, y] of [
    [8, at],
    [at, 8],
    ...(at < 8
      ? [
          [8, size - 1 - at],
          [size - 1 - at, 8],
        ]
      : []),
  ] as [number, number][])
    (isFunction[y] as boolean[])[x] = true;
}

function bch(value: number, width: number, generator: number): number {
  let rest = value;
  for (let step = 0; step < width; step += 1) rest = (rest << 1) ^ ((rest >> (width - 1)) * generator);
  return rest;
}

function writeFormat(modules: Matrix, mask: number): void {
  const size = modules.length;
  const bits = ((mask << 10) | bch(mask, 10, 0x537)) ^ 0x5412;
  const set = (x: number, y: number, at: number) => {
    (modules[y] as boolean[])[x] = ((bits >> at) & 1) === 1;
  };
  for (let at = 0; at < 15; at += 1) {
    if (at < 8) {
      set(8, at + (at > 5 ? 1 : 0), at);
      set(size - 1 - at, 8, at);
    } else {
      set(at === 8 ? 7 : 14 - at, 8, at);
      set(8, size - 15 + at, at);
    }
  }
  (modules[size - 8] as boolean[])[8] = true;
}

/** Codewords from the lower right corner on, in columns of two, up and down. */
function place(words: readonly number[], modules: Matrix, isFunction: Matrix): void {
  const size = modules.length;
  let at = 0;
  for (let right = size - 1; right >= 1; right -= right === 8 ? 3 : 2) {
    const isUpward = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const y = isUpward ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (isFunction[y]?.[x]) continue;
        (modules[y] as boolean[])[x] = (((words[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
        at += 1;
      }
    }
  }
}

/** How hard a code is to read: runs, blocks, what looks like a finder, and imbalance. */
function penaltyOf(modules: Matrix): number {
  const rows = modules.map((row) => row.map(Number).join(""));
  const columns = modules.map((_, x) => modules.map((row) => Number(row[x])).join(""));
  let penalty = 0;
  for (const line of [...rows, ...columns]) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
    penalty += 40 * [...line.matchAll(/(?=10111010000|00001011101)/g)].length;
  }
  const isBlock = (x: number, y: number) =>
    /^(00|11)\1$/.test(`${rows[y]?.slice(x, x + 2)}${rows[y + 1]?.slice(x, x + 2)}`);
  for (let y = 0; y < rows.length - 1; y += 1)
    for (let x = 0; x < rows.length - 1; x += 1) if (isBlock(x, y)) penalty += 3;
  const dark = modules.flat().filter(Boolean).length / modules.length ** 2;
  return penalty + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}
