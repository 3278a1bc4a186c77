import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/files.ts";
import ko from "./ko/files.ts";

export const t = catalogue(en, ko);
