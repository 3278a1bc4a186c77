import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/teaching.ts";
import ko from "./ko/teaching.ts";

export const t = catalogue(en, ko);
