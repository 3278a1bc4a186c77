/** A file of an archive: its path with slashes, and its content, which is read only when the archive is sent. */
export interface Member {
  path: string;
  content: Blob;
  /** Milliseconds since 1970. */
  modified?: number;
}

const BLOCK = 512;
const MAX_NAME = 100;
const MAX_OCTAL_SIZE = 8 ** 11;
const encoder = new TextEncoder();

/** A tar (POSIX.1-2001) of the files, in order. No file is read here: a blob of a blob is a reference to it. */
export function packTar(members: readonly Member[]): Blob {
  const parts: BlobPart[] = [];
  for (const member of members) {
    parts.push(...headersOf(member), member.content, padding(member.content.size));
  }
  return new Blob([...parts, new Uint8Array(2 * BLOCK)], { type: "application/x-tar" });
}

function headersOf({ path, content, modified = 0 }: Member): Uint8Array<ArrayBuffer>[] {
  const name = encoder.encode(path);
  const records = [
    ...(name.length > MAX_NAME || name.length > path.length ? [paxRecord("path", path)] : []),
    ...(content.size >= MAX_OCTAL_SIZE ? [paxRecord("size", String(content.size))] : []),
  ];
  const own = header(name.slice(0, MAX_NAME), content.size, modified, "0");
  if (!records.length) return [own];
  const data = concatenate(records);
  return [header(encoder.encode("././@PaxHeader"), data.length, 0, "x"), data, padding(data.length), own];
}

function header(
  name: Uint8Array<ArrayBuffer>,
  size: number,
  modified: number,
  kind: string,
): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const write = (at: number, text: string) => block.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.set(name, 0);
  write(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`);
  write(124, `${octal(size < MAX_OCTAL_SIZE ? size : 0, 11)}\0${octal(Math.floor(modified / 1000), 11)}\0`);
  write(148, "        ");
  write(156, `${kind}`);
  write(257, "ustar\x0000");
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** `30 path=...\n`: the length counts itself. */
function paxRecord(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = encoder.encode(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return concatenate([encoder.encode(String(length)), rest]);
}

function padding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

function concatenate(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
