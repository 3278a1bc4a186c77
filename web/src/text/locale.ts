export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first of the reader's languages that the page has texts in; English if none. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((each) => tag.toLowerCase().split(/[-_@]/)[0] === each);
    if (found) return found;
  }
  return "en";
}

/** A locale that `Intl` accepts. Chromium under LANG=C reports `en-US@posix`, on which every format throws. */
export function chooseLocale(language: Language, wanted: readonly string[]): string {
  for (const tag of wanted) {
    try {
      const [canonical] = Intl.getCanonicalLocales(tag.split("@")[0]);
      if (canonical?.split("-")[0] === language) return canonical;
    } catch {
      // not a locale: the next one may be
    }
  }
  return language;
}

export interface Plural {
  one?: string;
  other: string;
}

const RULES = new Map<Language, Intl.PluralRules>();

/** The form for a count, by the plural rules of a language: `plural("en", 1, {one: "1 run", other: "1 runs"})`. */
export function plural(language: Language, count: number, forms: Plural): string {
  // Making rules takes longer than a hundred uses of them.
  const rules = RULES.get(language) ?? new Intl.PluralRules(language);
  RULES.set(language, rules);
  const form = rules.select(count);
  return form === "one" && forms.one !== undefined ? forms.one : forms.other;
}
