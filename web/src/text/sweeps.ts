import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/sweeps.ts";
import ko from "./ko/sweeps.ts";

export const t = catalogue(en, ko);
