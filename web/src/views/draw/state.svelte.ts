import { untrack } from "svelte";
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { answer, api, getJson, isAbort, type Schema } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { type Problem, problemFrom } from "../../api/problem.ts";
import { RELOAD, type Resource, resource } from "../../api/resource.svelte.ts";
import { Newest } from "../../parts/newest.ts";
import { route } from "../../shell/route.svelte.ts";
import { chooseDataset, parseFeatures, predictPath, type Question, type Sent } from "./ask.ts";
import { board } from "./board.svelte.ts";

export type Predictions = Schema<"Predictions">;
export type Dataset = Pick<Schema<"DatasetView">, "name" | "status" | "shape" | "classes">;

/** The answer to what is on the board now, or was a moment ago. */
export interface Answered {
  predictions?: Predictions;
  problem?: Problem;
}

export const MAX_MODELS = 4;

/** What the view Draw shows: a board, and the models that answer what is on it. */
export class DrawState {
  readonly board = board;
  features: readonly string[] = $state.raw([]);
  readonly answers = new SvelteMap<string, Answered>();
  /** Questions whose newest answer is awaited: what is shown may be one of a moment ago. */
  readonly pending = new SvelteSet<string>();

  readonly served: Resource<readonly Schema<"ServingModel">[]> = resource(
    async (signal) => {
      await connection.first;
      return (await answer(api.GET("/models", { signal }))).items;
    },
    (known, { kind }) => (kind === "serving" ? RELOAD : known),
  );
  readonly datasets: Resource<readonly Dataset[]> = resource(
    async (signal) => {
      await connection.first;
      return (await answer(api.GET("/datasets", { signal }))).items;
    },
    (known, event) => (event.kind === "dataset" && event.data.status !== "converting" ? RELOAD : known),
  );

  readonly names: readonly string[] = $derived(
    (this.served.data ?? []).filter((each) => each.experiment_id).map((each) => each.dataset),
  );
  readonly dataset: string = $derived(chooseDataset(route.get("dataset"), this.names));
  /** Experiments that were chosen to answer; none: the model that serves the dataset. */
  readonly ids: readonly string[] = $derived(
    route.get("ids").split(",").filter(Boolean).slice(0, MAX_MODELS),
  );
  readonly isRow: boolean = $derived(route.get("row") !== "");
  readonly questions: readonly Question[] = $derived.by(() => {
    const isRow = this.isRow;
    if (this.ids.length) return this.ids.map((experiment) => ({ dataset: this.dataset, experiment, isRow }));
    return this.dataset ? [{ dataset: this.dataset, experiment: null, isRow }] : [];
  });
  /** Whether digits are read, of which there may be a row. */
  readonly isDigits: boolean = $derived.by(() => {
    const classes = this.about?.classes ?? [];
    return classes.length > 0 && classes.every((each) => /^[0-9]$/.test(each)) && !this.featureCount;
  });
  readonly about: Dataset | undefined = $derived(this.find(this.dataset));
  /** How many numbers a sample has; 0 for images. */
  readonly featureCount: number = $derived(
    this.about?.shape?.length === 1 ? (this.about.shape[0] as number) : 0,
  );
  readonly values: readonly number[] | null = $derived(
    parseFeatures(Array.from({ length: this.featureCount }, (_, at) => this.features[at] ?? "")),
  );
  readonly isEmpty: boolean = $derived(this.featureCount ? this.values === null : this.board.isEmpty);
  readonly sent: Sent = $derived(
    this.featureCount ? { features: this.values ?? [] } : { filename: this.board.filename },
  );

  // Texts, which stay equal when a list is fetched again: an answer that was corrected is not requested again.
  readonly #numbers: string = $derived(String(this.values));
  readonly #servingId: string = $derived(
    this.served.data?.find((each) => each.dataset === this.dataset)?.experiment_id ?? "",
  );
  readonly #asking = new Map<string, Newest<string, Answered | null>>();
  #image: Promise<Blob> | null = null;

  constructor() {
    // Only the newest drawing is sent: changes while a request runs are sent together after it.
    $effect(() => {
      void [this.board.strokes, this.board.image, this.board.isDark, this.#numbers, this.#servingId];
      const questions = this.questions;
      untrack(() => this.#ask(questions));
    });
  }

  find(dataset: string): Dataset | undefined {
    return this.datasets.data?.find((each) => each.name === dataset);
  }

  #ask(questions: readonly Question[]): void {
    this.#image = null;
    const paths = new Set(questions.map(predictPath));
    for (const known of [...this.answers.keys()])
      if (this.isEmpty || !paths.has(known)) this.answers.delete(known);
    if (this.isEmpty) return;
    for (const path of paths) {
      let asking = this.#asking.get(path);
      if (!asking) {
        asking = new Newest<string, Answered | null>(
          (each) => this.#answerOf(each),
          (each, answered, isNewest) => this.#receive(each, answered, isNewest),
        );
        this.#asking.set(path, asking);
      }
      this.pending.add(path);
      asking.want(path);
    }
  }

  /** null: the request was aborted. */
  async #answerOf(path: string): Promise<Answered | null> {
    try {
      return { predictions: await this.#send(path) };
    } catch (thrown) {
      return isAbort(thrown) ? null : { problem: problemFrom(thrown) };
    }
  }

  #receive(path: string, answered: Answered | null, isNewest: boolean): void {
    if (isNewest) this.pending.delete(path);
    if (answered && !this.isEmpty && this.questions.some((each) => predictPath(each) === path))
      this.answers.set(path, answered);
  }

  async #send(path: string): Promise<Predictions> {
    if (this.featureCount) {
      const body = JSON.stringify({ features: this.values });
      return getJson(path, { method: "POST", body, headers: { "content-type": "application/json" } });
    }
    this.#image ??= this.board.toFile();
    const form = new FormData();
    form.set("file", await this.#image, this.board.filename);
    return getJson(path, { method: "POST", body: form });
  }
}
