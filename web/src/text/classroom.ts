import { catalogue } from "./catalogue.svelte.ts";
import en from "./en/classroom.ts";
import ko from "./ko/classroom.ts";

export const t = catalogue(en, ko);
