import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/compare.ts";
import ko from "./ko/compare.ts";

export const t = catalogue(en, ko);
