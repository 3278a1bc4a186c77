import { speech } from "./catalogue.svelte.ts";
import { presetTitle } from "./ko/presets.ts";

/** What a preset is, in the chosen language: the service's own words in English, or where there is no translation. */
export function titleOfPreset(preset: { name: string; title: string }): string {
  return (speech.language === "ko" ? presetTitle(preset.name) : null) ?? preset.title;
}
