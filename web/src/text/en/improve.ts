import { count } from "../catalogue.svelte.ts";

/** Fine-tuning what serves with corrections, and what became of it. */
export default {
  improve: "Fine-tune and check",
  improveHint:
    "Fine-tunes the model that serves with the corrections, compares both on the same test samples, and lets the new one serve unless it is worse",
  improveHintApproval:
    "Fine-tunes the model that serves with the corrections, compares both on the same test samples, and unless the new one is worse asks those for approval who may choose what serves",
  noTraining: "The corrections have no training samples, so that there is nothing to fine-tune with.",
  improving: "It waits in the queue; when it is trained, it is compared here with what serves.",
  title: "Improvement",
  baseline: "Show what served",
  state: {
    pending: "Compared with what serves when it has succeeded.",
    waiting: "Waits for approval",
    promoted: "Promoted",
    rejected: "Rejected",
    declined: "Declined",
  },
  ended: {
    failed: "It failed, so that it is not compared with what serves.",
    cancelled: "It was cancelled, so that it is not compared with what serves.",
  },
  pinOf: (owner: string, dataset: string) =>
    `Only ${owner}, whose pin it is, and admins change what serves ${dataset}.`,
  by: (owner: string, time: string) => (owner ? `by ${owner}, ${time}` : time),
  accuracy: "Accuracy",
  fromTo: (before: string, after: string) => `${before} → ${after}`,
  difference: "Difference",
  points: (value: string, low: string, high: string) => `${value} (${low} to ${high})`,
  differenceHint: "With its interval of 95 %",
  flips: "Fixed, regressed",
  chance: "p",
  chanceHint: "McNemar: how probable such a difference is by chance",
  onSamples: (split: "validation" | "test", n: string, amount: number) =>
    count(amount, { one: `On 1 ${split} sample`, other: `On the same ${n} ${split} samples` }),
  promote: "Promote",
  promoteHint: "Pin this model, so that it serves",
  promoteAnyway: "Promote all the same",
  decline: "Decline",
};
