import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/draw.ts";
import ko from "./ko/draw.ts";

export const t = catalogue(en, ko);
