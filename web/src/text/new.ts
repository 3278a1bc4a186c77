import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/new.ts";
import ko from "./ko/new.ts";

export const t = catalogue(en, ko);
