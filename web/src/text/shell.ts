import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/shell.ts";
import ko from "./ko/shell.ts";

export const t = catalogue(en, ko);
