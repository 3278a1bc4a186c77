import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/runs.ts";
import ko from "./ko/runs.ts";

export const t = catalogue(en, ko);
