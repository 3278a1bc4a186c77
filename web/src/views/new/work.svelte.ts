import { request, type Schema } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { NewPrivacy } from "../../api/new-privacy.svelte.ts";
import { type Fault, type Problem, problemFrom } from "../../api/problem.ts";
import { Rights } from "../../api/rights.svelte.ts";
import { Newest } from "../../parts/newest.ts";
import { textsIn } from "../../parts/privacy.ts";
import { route } from "../../shell/route.svelte.ts";
import { patchText, SpecText } from "./document.ts";
import { Drafts, type Start, sessionDrawer } from "./drafts.ts";
import type { Library } from "./library.svelte.ts";
import { mediaTypeOf, pathOf, type Use } from "./lines.ts";
import { type Mark, marksOf } from "./marks.ts";
import { isSweepText, type Members, memberOf, specPointer, sweepText } from "./sweeps.ts";

const PAUSE_MS = 150;
/** Beyond this many characters a text is not read at each key. */
const LARGE = 100_000;

export const MAX_REPEATS = 20;

export type Validation = Schema<"Validation">;
export type Plan = Schema<"SweepPlan">;
/** What is sent: the text of a spec, or of a sweep of it. */
interface Letter {
  text: string;
  isSweep: boolean;
  sent: string;
}
/** The answer of the service to a letter: a validation, the plan of a sweep, or a problem. */
interface Judgement {
  letter: Letter;
  validation: Validation | null;
  plan: Plan | null;
  problem: Problem | null;
}
/** A fault with where it is: `pointer` leads into the spec, or else `field` names a member of the sweep. */
export interface LocatedFault extends Fault {
  field: string | null;
}

export const drafts = new Drafts(sessionDrawer());
const FEW: Members = { trials: 20 };

/** A spec that is being written, or the sweep of one, and what the service says of it. */
export class Work {
  readonly start: Start;
  readonly origin: string;
  text: string = $state("");
  /** How often it is trained, with other seeds. */
  repeats: number = $state(1);
  /** How to search, if it is a sweep. */
  members: Members = $state.raw(FEW);
  readonly privacy: NewPrivacy;
  readonly rights: Rights = new Rights();
  readonly mayStart: boolean = $derived.by(() => this.rights.has("run"));
  posting: boolean = $state(false);
  judgement: Judgement | null = $state.raw(null);
  /** The last valid answers: they stay while a text is being mended. */
  valid: Validation | null = $state.raw(null);
  plan: Plan | null = $state.raw(null);
  readonly #judge: Newest<Letter, Judgement> = new Newest(judge, (_, judgement) => this.#receive(judgement));
  readonly #library: Library;
  #key: { text: string; value: string } | null = null;

  readonly isReadable: boolean = $derived(
    this.text.length <= LARGE && new SpecText(this.text).syntaxError === null,
  );
  readonly values: Record<string, unknown> = $derived(this.isReadable ? new SpecText(this.text).value : {});
  readonly isSweep: boolean = $derived(isSweepText(this.text, this.values, this.isReadable));
  readonly letter: Letter = $derived.by(() => {
    const { text, members } = this;
    // What cannot be read is judged as it is: its fault has a line.
    const isSweep = this.isSweep && this.isReadable;
    return { text, isSweep, sent: isSweep ? sweepText(text, members) : text };
  });

  /** The private dataset that makes private what is trained on it; null if there is none. */
  readonly privateDataset: string | null = $derived.by(() => {
    const named = new Set(textsIn(this.values.dataset));
    const found = this.#library.datasets.data?.find((each) => each.record?.private && named.has(each.name));
    return found?.name ?? null;
  });
  readonly use: Use = $derived.by(() => ({
    isSweep: this.letter.isSweep,
    repeats: this.repeats,
    isPrivate: this.privateDataset === null ? this.privacy.wanted : null,
  }));

  readonly isJudged: boolean = $derived(this.judgement?.letter.sent === this.letter.sent);
  readonly problem: Problem | null = $derived(this.judgement?.problem ?? null);
  readonly isValid: boolean = $derived(this.isJudged && this.problem === null);
  readonly faults: readonly LocatedFault[] = $derived.by(() => {
    const { judgement } = this;
    if (!judgement?.problem || judgement.problem.isAway) return [];
    return judgement.problem.faults.map((fault) => {
      const pointer = judgement.letter.isSweep ? specPointer(fault.pointer) : fault.pointer;
      return pointer === null
        ? { ...fault, field: memberOf(fault.pointer) }
        : { ...fault, pointer, field: null };
    });
  });
  readonly marks: readonly Mark[] = $derived.by(() => {
    const { judgement } = this;
    if (judgement === null || judgement.problem?.isAway) return [];
    const faults = this.faults.filter((fault) => fault.field === null);
    return marksOf(judgement.letter.text, faults, judgement.validation?.warnings ?? []);
  });

  /** `isCopy`: the text is that of something private. */
  constructor(start: Start, origin: string, library: Library, isCopy: boolean) {
    this.start = start;
    this.origin = origin;
    this.#library = library;
    this.privacy = new NewPrivacy(() => true, isCopy);
    const draft = drafts.get(start);
    this.text = draft?.text ?? origin;
    this.members = draft?.sweep ?? FEW;
    this.privacy.chosen = draft?.private ?? null;
    this.#judge.want(this.letter);
    $effect(() => {
      const { letter, members } = this;
      const sweep = members === FEW ? undefined : members;
      const isPrivate = this.privacy.chosen ?? undefined;
      drafts.put(this.start, { text: letter.text, origin: this.origin, sweep, private: isPrivate });
      const timer = setTimeout(() => this.judge(letter), PAUSE_MS);
      return () => clearTimeout(timer);
    });
    $effect(() =>
      connection.listen((event) => {
        if (event.kind === "ready" && this.problem?.isAway) this.judge(this.letter, true);
      }),
    );
  }

  judge(letter = this.letter, again = false): void {
    if (again || this.judgement?.letter.sent !== letter.sent) this.#judge.want(letter);
  }

  /** Change the text by a merge patch. */
  patch(changes: Record<string, unknown>): void {
    this.text = patchText(this.text, changes);
  }

  /** Change how to search; null or undefined leaves out. */
  search(changes: Members): void {
    this.members = { ...this.members, ...changes };
  }

  /** Queue the experiment or start the sweep, and show it. A rejected text is marked. */
  async post(): Promise<void> {
    if (this.posting || !this.mayStart) return;
    const { letter, use } = this;
    this.posting = true;
    try {
      const path = pathOf(use);
      const headers = letter.isSweep ? {} : { "idempotency-key": this.#keyOf(letter.sent + path) };
      const response = await send(path, letter.sent, headers);
      const { id } = (await response.json()) as { id: string };
      drafts.remove(this.start);
      this.#key = null;
      if (!use.isSweep && use.repeats > 1) route.go("runs", [], { filter: `group=${id}` });
      else route.go(letter.isSweep ? "sweeps" : "run", [id]);
    } catch (thrown) {
      this.#receive({ letter, validation: null, plan: null, problem: problemFrom(thrown) });
    } finally {
      this.posting = false;
    }
  }

  /** The same text has the same key until it is accepted: what is sent again after a broken connection runs once. */
  #keyOf(text: string): string {
    if (this.#key?.text !== text) {
      const random = crypto.getRandomValues(new Uint32Array(4));
      this.#key = { text, value: [...random].map((each) => each.toString(36)).join("-") };
    }
    return this.#key.value;
  }

  #receive(judgement: Judgement): void {
    this.judgement = judgement;
    if (judgement.validation) this.valid = judgement.validation;
    if (judgement.plan) this.plan = judgement.plan;
  }
}

async function judge(letter: Letter): Promise<Judgement> {
  const none = { letter, validation: null, plan: null, problem: null };
  try {
    const path = letter.isSweep ? "/sweeps?dry_run=true&judge=true" : "/experiments:validate?judge=true";
    const answer: unknown = await (await send(path, letter.sent)).json();
    return letter.isSweep ? { ...none, plan: answer as Plan } : { ...none, validation: answer as Validation };
  } catch (thrown) {
    return { ...none, problem: problemFrom(thrown) };
  }
}

/** POST a document as it is written. */
export function send(path: string, text: string, headers: Record<string, string> = {}): Promise<Response> {
  return request(path, {
    method: "POST",
    body: text,
    headers: { "content-type": mediaTypeOf(text), ...headers },
  });
}
