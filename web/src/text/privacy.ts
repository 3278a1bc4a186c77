import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/privacy.ts";
import ko from "./ko/privacy.ts";

export const t = catalogue(en, ko);
