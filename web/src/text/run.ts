import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/run.ts";
import ko from "./ko/run.ts";

export const t = catalogue(en, ko);
