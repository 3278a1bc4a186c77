import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/lineage.ts";
import ko from "./ko/lineage.ts";

export const t = catalogue(en, ko);
