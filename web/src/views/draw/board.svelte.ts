import type { Schema } from "../../api/client.ts";
import { route } from "../../shell/route.svelte.ts";
import { type OpenedImage, openImage, toFile } from "./image.ts";
import { paint } from "./paint.ts";
import { boardWidth, extend, HEIGHT, PEN, type Point, type Stroke } from "./strokes.ts";

/** What is on the board: an image below, strokes above. */
export class Board {
  strokes: readonly Stroke[] = $state.raw([]);
  image: OpenedImage | null = $state.raw(null);
  pen: number = $state(PEN);
  /** The steps that can be undone. */
  #past: readonly { strokes: readonly Stroke[]; image: OpenedImage | null }[] = $state.raw([]);
  #isDark: boolean = $state(looksDark());
  /** What the drawing was said to be; forgotten when it changes. */
  labeled: Schema<"LabeledPrediction"> | null = $state.raw(null);

  /** Whether ink is light and paper dark. */
  get isDark(): boolean {
    return this.#isDark;
  }
  set isDark(isDark: boolean) {
    this.labeled = null;
    this.#isDark = isDark;
  }

  /** Whether the board is wide enough for a row of digits. */
  readonly isRow: boolean = $derived(route.get("row") !== "");
  readonly width: number = $derived(boardWidth(this.isRow));
  readonly height: number = HEIGHT;
  readonly isEmpty: boolean = $derived(this.strokes.length === 0 && this.image === null);
  readonly canUndo: boolean = $derived(this.#past.length > 0);
  /** The name of the file that is sent. */
  readonly filename: string = $derived(this.image && !this.strokes.length ? this.image.name : "drawing.png");

  begin(point: Point): void {
    this.#remember();
    this.strokes = [...this.strokes, { width: this.pen, points: [point] }];
  }

  continue(points: readonly Point[]): void {
    const last = this.strokes.at(-1);
    if (!last) return;
    const longer = extend(last, points);
    if (longer !== last) this.strokes = this.strokes.with(-1, longer);
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (!before) return;
    this.#past = this.#past.slice(0, -1);
    this.labeled = null;
    ({ strokes: this.strokes, image: this.image } = before);
  }

  clear(): void {
    if (this.isEmpty) return;
    this.#remember();
    this.strokes = [];
    this.image = null;
  }

  /** Raises Error if the file is no image that the browser reads. */
  async open(file: File): Promise<void> {
    const image = await openImage(file);
    this.#remember();
    this.strokes = [];
    this.image = image;
  }

  /** The image as it is sent: the file itself if nothing is drawn over it, else what the board shows. */
  async toFile(): Promise<Blob> {
    if (this.image && !this.strokes.length) return this.image.file;
    const scale = this.image ? 2 : 1;
    const canvas = document.createElement("canvas");
    canvas.width = this.width * scale;
    canvas.height = this.height * scale;
    const context = canvas.getContext("2d");
    if (context) paint(context, this, scale, this.isDark ? "#000" : "#fff", this.isDark ? "#fff" : "#000");
    return toFile(canvas);
  }

  #remember(): void {
    this.labeled = null;
    this.#past = [...this.#past.slice(-49), { strokes: this.strokes, image: this.image }];
  }
}

/** What is drawn stays while other views are shown. */
export const board = new Board();

/** Whether the page is dark: then the board is, too, at first. */
function looksDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
