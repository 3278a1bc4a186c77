import { packTar } from "./tar.ts";

/** A file that was chosen or dropped; `path` has the folders that it lay in. */
export interface Picked {
  path: string;
  file: Blob & { lastModified?: number };
}

/** What will be uploaded. */
export interface Choice {
  kind: "archive" | "folder";
  /** A name that a dataset may have; "" if none suggests itself. */
  name: string;
  /** What people know it as: the file, or the folder. */
  title: string;
  files: readonly Picked[];
  /** How many of them look like images; 0 for an archive, which is not opened. */
  images: number;
  bytes: number;
}

const ARCHIVE = /\.(zip|tar|tar\.gz|tgz|parquet|csv|npz)$/i;
const IMAGE = /\.(png|jpe?g|webp|gif|bmp|tiff?|heic|avif)$/i;
const NAME = /^[a-z0-9][a-z0-9_-]{0,49}$/;
/** What systems and programs leave in folders; the service passes over it, so that it need not be sent. */
const LEFT = /(^|\/)(\.[^/]*|__MACOSX|@eaDir|Thumbs\.db|desktop\.ini)(\/|$)/i;

/** Null if nothing is left to send. */
export function choose(picked: readonly Picked[]): Choice | null {
  const files = picked.filter(({ path }) => !LEFT.test(path));
  const [first] = files;
  if (!first) return null;
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (files.length === 1 && ARCHIVE.test(first.path)) {
    const title = first.path.split("/").at(-1) ?? "";
    return { kind: "archive", name: toName(title.replace(ARCHIVE, "")), title, files, images: 0, bytes };
  }
  const title = commonFolder(files.map(({ path }) => path));
  const images = files.filter(({ path }) => IMAGE.test(path)).length;
  return { kind: "folder", name: toName(title), title, files, images, bytes };
}

/** What is sent: the archive itself, or a tar of the files. */
export function bodyOf({ kind, files }: Choice): Blob {
  const [first] = files;
  if (kind === "archive" && first) return first.file;
  return packTar(files.map(({ path, file }) => ({ path, content: file, modified: file.lastModified ?? 0 })));
}

/** A name that a dataset may have, made of any text. */
export function toName(text: string): string {
  const plain = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9_-]+/g, "-");
  return plain.replace(/^[-_]+|-+$/g, "").slice(0, 50);
}

export function isName(text: string): boolean {
  return NAME.test(text);
}

function commonFolder(paths: readonly string[]): string {
  const top = paths[0]?.split("/") ?? [];
  if (top.length < 2) return "";
  return paths.every((path) => path.startsWith(`${top[0]}/`)) ? (top[0] ?? "") : "";
}
