/** An image that was dropped, pasted, chosen or photographed: what is shown, and the file that is sent. */
export interface OpenedImage {
  name: string;
  bitmap: ImageBitmap;
  file: Blob;
}

const READ = ["image/png", "image/jpeg", "image/webp"];
const MAX_BYTES = 9_000_000;
const MAX_SIDE = 2000;

/** Raises Error for what the browser cannot read as an image. What the service does not read is converted to PNG. */
export async function openImage(file: File): Promise<OpenedImage> {
  const bitmap = await createImageBitmap(file);
  const name = file.name || "image.png";
  if (READ.includes(file.type) && file.size <= MAX_BYTES) return { name, bitmap, file };
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return { name: `${name.replace(/\.\w+$/, "")}.jpg`, bitmap, file: await toFile(canvas, "image/jpeg") };
}

export function toFile(canvas: HTMLCanvasElement, type = "image/png"): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no image"))), type, 0.95),
  );
}

/** The first image of a paste or drop. */
export function imageOf(data: DataTransfer | null): File | null {
  return [...(data?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? data?.files[0] ?? null;
}
