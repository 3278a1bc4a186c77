export interface UploadOptions {
  layout: string;
  /** Of the layout `filenames`: which part of a file name is the class, from 1; null where that is found out. */
  field: number | null;
  /** Encoding of file names for which the archive states none; "" for the default. */
  names: string;
  /** Null for what its owner's are by default. */
  isPrivate: boolean | null;
}

/** Where an archive is posted. */
export function uploadPath(name: string, { layout, field, names, isPrivate }: UploadOptions): string {
  const query = new URLSearchParams({ name, layout });
  if (layout === "filenames" && field !== null) query.set("field", String(field));
  if (names) query.set("names", names);
  if (isPrivate !== null) query.set("private", String(isPrivate));
  return `/datasets?${query}`;
}
