import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/data.ts";
import ko from "./ko/data.ts";

export const t = catalogue(en, ko);
