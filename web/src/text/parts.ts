import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/parts.ts";
import ko from "./ko/parts.ts";

export const t = catalogue(en, ko);
