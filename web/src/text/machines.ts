import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/machines.ts";
import ko from "./ko/machines.ts";

export const t = catalogue(en, ko);
