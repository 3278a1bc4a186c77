import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/serving.ts";
import ko from "./ko/serving.ts";

export const t = catalogue(en, ko);
