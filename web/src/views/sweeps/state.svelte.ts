import { answer, api, request } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { sendEdit } from "../../api/edit.ts";
import { problemFrom } from "../../api/problem.ts";
import { RELOAD, type Resource, resource } from "../../api/resource.svelte.ts";
import { Rights } from "../../api/rights.svelte.ts";
import { dimensionsOf, type SearchDimension } from "../../parts/search.ts";
import { toasts } from "../../parts/toasts.svelte.ts";
import { applyToSweep, type Sweep } from "./sweep.ts";

/** What of a sweep can be changed. */
export interface SweepEdit {
  trials?: number;
  minutes?: number | null;
  parallel?: number;
  priority?: number;
  paused?: boolean;
  private?: boolean;
}

/** Whether the runs of its trials are deleted with it, and even those that serve. */
export interface Removal {
  trials: boolean;
  force: boolean;
}

/** A sweep, live, and what can be done with it. */
export class SweepState {
  readonly id: string;
  readonly sweep: Resource<Sweep>;
  readonly dimensions: readonly SearchDimension[] = $derived.by(() =>
    dimensionsOf(this.sweep.data?.spec.experiment),
  );
  readonly #rights: Rights = new Rights();
  /** Whether somebody may pause, edit and delete it, and edit its trials. */
  readonly mayChange: boolean = $derived.by(
    () => !!this.sweep.data && this.#rights.mayChange(this.sweep.data.owner, "run"),
  );
  /** Whether somebody may choose which model serves. */
  readonly mayServe: boolean = $derived.by(() => this.#rights.has("serve"));
  /** Whether something that was asked for is not answered yet. */
  isBusy: boolean = $state(false);

  constructor(id: string) {
    this.id = id;
    this.sweep = resource<Sweep>(
      async (signal) => {
        await connection.first;
        return answer(api.GET("/sweeps/{sweep_id}", { params: { path: { sweep_id: id } }, signal }));
      },
      (sweep, event) => applyToSweep(sweep, event) ?? RELOAD,
    );
  }

  /** Throws Problem where it is rejected. */
  async edit(edit: SweepEdit): Promise<void> {
    const response = await request(`/sweeps/${encodeURIComponent(this.id)}`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify(edit),
    });
    this.sweep.set((await response.json()) as Sweep);
  }

  pause(paused: boolean): Promise<boolean> {
    return this.#ask(() => this.edit({ paused }));
  }

  /** Make it private, or public, with its trials. */
  hide(isPrivate: boolean): Promise<boolean> {
    return this.#ask(() => this.edit({ private: isPrivate }));
  }

  cancel(): Promise<boolean> {
    const params = { path: { sweep_id: this.id } };
    return this.#ask(async () =>
      this.sweep.set(await answer(api.POST("/sweeps/{sweep_id}:cancel", { params }))),
    );
  }

  /** Delete it once it has ended, with the runs of its trials or without. */
  remove(query: Removal): Promise<boolean> {
    const params = { path: { sweep_id: this.id }, query };
    return this.#ask(() => answer(api.DELETE("/sweeps/{sweep_id}", { params })));
  }

  /** Have a trial trained to its end that was stopped early, failed or was cancelled. */
  resume(number: number): Promise<boolean> {
    const params = { path: { sweep_id: this.id, number } };
    return this.#ask(async () =>
      this.sweep.set(await answer(api.POST("/sweeps/{sweep_id}/trials/{number}:resume", { params }))),
    );
  }

  /** Have the model of a trial serve its dataset. */
  serve(dataset: string, experiment: string): Promise<boolean> {
    const body = { experiment_id: experiment, policy: null };
    return this.#ask(() =>
      answer(api.PUT("/models/serving/{dataset}", { params: { path: { dataset } }, body })),
    );
  }

  /** Keep a run when runs are pruned. */
  keep(experiment: string): Promise<boolean> {
    return this.#ask(() => sendEdit(experiment, { star: true }));
  }

  /** Shows why something is rejected; returns whether it was accepted. */
  async #ask(action: () => Promise<unknown>): Promise<boolean> {
    this.isBusy = true;
    try {
      await action();
      return true;
    } catch (thrown) {
      const problem = problemFrom(thrown);
      toasts.show(problem.faults[0]?.detail || problem.detail || problem.title, "error");
      return false;
    } finally {
      this.isBusy = false;
    }
  }
}
