import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/ended.ts";
import ko from "./ko/ended.ts";

export const t = catalogue(en, ko);
