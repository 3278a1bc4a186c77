import { answer, api, type Schema } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { type RunEdit, sendEdit } from "../../api/edit.ts";
import { applyToRecord, type Experiment } from "../../api/experiment.ts";
import { addEpoch, type History } from "../../api/history.ts";
import { problemFrom } from "../../api/problem.ts";
import { RELOAD, type Resource, resource } from "../../api/resource.svelte.ts";
import { Rights } from "../../api/rights.svelte.ts";
import { isTerminal } from "../../api/runs.ts";
import { toasts } from "../../parts/toasts.svelte.ts";
import { judgedStage } from "./progress.ts";
import { SPLITS, type Split } from "./splits.ts";

export type Evaluation = Schema<"Evaluation">;
export type Finding = Schema<"Finding">;

/** One experiment with everything that is known of it, as long as its view is shown. */
export class RunState {
  readonly id: string;
  readonly record: Resource<Experiment>;
  readonly history: Resource<History>;
  readonly diagnosis: Resource<readonly Finding[]>;
  readonly #rights: Rights = new Rights();
  /** Whether somebody may start others. */
  readonly mayRun: boolean = $derived.by(() => this.#rights.has("run"));
  /** Whether somebody may edit, stop and delete this one. */
  readonly mayChange: boolean = $derived.by(
    () => !!this.record.data && this.#rights.mayChange(this.record.data.owner, "run"),
  );
  readonly #stage: string | null = $derived.by(() => judgedStage(this.record.data));
  readonly hasResults: boolean = $derived.by(() => this.record.data?.status === "succeeded");
  readonly #isTestHidden: boolean = $derived.by(() => this.record.data?.test_hidden ?? false);
  readonly #shownSplits: readonly Split[] = $derived(
    SPLITS.filter((split) => split !== "test" || !this.#isTestHidden),
  );
  readonly isOver: boolean = $derived.by(() => !!this.record.data && isTerminal(this.record.data.status));

  constructor(id: string) {
    this.id = id;
    const params = { path: { experiment_id: id } };
    this.record = resource<Experiment>(
      async (signal) => {
        await connection.first;
        return (await answer(api.GET("/experiments/{experiment_id}", { params, signal }))) as Experiment;
      },
      (record, event) => applyToRecord(record, event) ?? RELOAD,
    );
    this.history = resource<History>(
      async (signal) => {
        await connection.first;
        return (await answer(api.GET("/experiments/{experiment_id}/history", { params, signal }))) as History;
      },
      (history, event) => {
        if (event.kind === "reset" && event.data.experiment_id === id) return RELOAD;
        if (event.kind === "status" && event.data.id === id && isTerminal(event.data.status)) return RELOAD;
        const isMine = event.kind === "epoch" && event.data.experiment_id === id;
        return isMine ? addEpoch(history, event.data) : history;
      },
    );
    this.diagnosis = resource((signal) => (this.#stage === null ? null : this.#diagnose(signal)));
  }

  /** Metrics of the published network on a split; nothing before there is one. */
  evaluation(split: () => Split): Resource<Evaluation> {
    return resource((signal) => {
      const wanted = split();
      return this.hasResults ? this.#evaluate(wanted, signal) : null;
    });
  }

  /** The evaluation of each split that is not hidden. */
  evaluations(): Resource<readonly Evaluation[]> {
    return resource((signal) =>
      this.hasResults ? Promise.all(this.#shownSplits.map((split) => this.#evaluate(split, signal))) : null,
    );
  }

  /** Show an edit at once and send it; what the service rejects is undone, with a message. */
  async edit(edit: RunEdit): Promise<boolean> {
    const before = this.record.data;
    if (!before) return false;
    this.record.set({ ...before, ...edit } as Experiment);
    try {
      await sendEdit(this.id, edit);
      return true;
    } catch (thrown) {
      this.record.set(before);
      const problem = problemFrom(thrown);
      toasts.show(problem.faults[0]?.detail || problem.detail || problem.title, "error");
      return false;
    }
  }

  /** Asks for a change of its status; shows why it is rejected. */
  async ask(action: "stop" | "cancel" | "retry"): Promise<void> {
    const params = { path: { experiment_id: this.id } };
    try {
      await answer(api.POST(`/experiments/{experiment_id}:${action}`, { params }));
    } catch (thrown) {
      const problem = problemFrom(thrown);
      toasts.show(problem.detail || problem.title, "error");
    }
    // The answer is without the epochs of a training that runs.
    this.record.reload();
  }

  async #diagnose(signal: AbortSignal): Promise<readonly Finding[]> {
    const params = { path: { experiment_id: this.id } };
    return (await answer(api.GET("/experiments/{experiment_id}/diagnosis", { params, signal }))).items;
  }

  #evaluate(split: Split, signal: AbortSignal): Promise<Evaluation> {
    const params = { path: { experiment_id: this.id }, query: { split } };
    return answer(api.GET("/experiments/{experiment_id}/evaluation", { params, signal }));
  }
}
