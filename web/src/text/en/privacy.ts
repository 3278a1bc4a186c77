export default {
  private: "private",
  public: "public",
  titlePrivate: "Private",
  titlePublic: "Public",
  seenByYou:
    "Only you, your teacher and admins see it. For others it does not exist: neither in lists nor by its link.",
  seenBy: (owner: string) =>
    `Only ${owner}, their teacher and admins see it. For others it does not exist: neither in lists nor by its link.`,
  seenWithoutKeys: "This service asks for no keys, so everybody who reaches it sees it all the same.",
  seenByAll: "Everybody with a key of this service may look at it and use it.",
  whenPrivate: {
    run: "A private model serves only those who name its run.",
    sweep: "Its trials become private with it, and so do those to come.",
    dataset: "Its corrections, and all runs and sweeps on it, become private with it.",
  },
  whenPublic: {
    run: "",
    sweep: "Its trials become public with it.",
    dataset:
      "Its corrections become public with it. Runs and sweeps on it stay private until you change each.",
  },
  asSweep: (name: string) => `A trial is as private as its sweep, ${name}.`,
  asDataset: (name: string) => `${name} is private, and so is all that is trained on it.`,
  asSource: (name: string) => `It is as private as ${name}, for which it was collected.`,
  toSweep: "To the sweep",
  toDataset: "To the dataset",
  makePrivate: "Make private",
  makePublic: "Make public",
  isPrivateNow: "It is private now.",
  isPublicNow: "It is public now.",
  new: "Private",
  newHint: "Only you, your teacher and admins see it.",
  newAs: (name: string) => `Private, as ${name} is`,
  default: "What you create",
  defaultOf: { service: "As the service says", private: "Private", public: "Public" },
};
