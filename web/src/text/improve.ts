import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/improve.ts";
import ko from "./ko/improve.ts";

export const t = catalogue(en, ko);
