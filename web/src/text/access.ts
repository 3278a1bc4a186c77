import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/access.ts";
import ko from "./ko/access.ts";

export const t = catalogue(en, ko);
