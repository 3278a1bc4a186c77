import { chooseLanguage, chooseLocale, type Language, type Plural, plural } from "./locale.ts";

const KEY = "trainyard.language";

class Speech {
  language: Language = $state(chooseLanguage([remembered() ?? "", ...navigator.languages]));
  locale: string = $derived(chooseLocale(this.language, navigator.languages));

  use(language: Language): void {
    this.language = language;
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // without storage the language is kept until the page is closed
    }
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The chosen language, and its locale for `Intl`. */
export const speech = new Speech();

// biome-ignore lint/suspicious/noExplicitAny: a text may take arguments of any type
type Text = string | ((...args: any[]) => string);
type Texts = Record<string, Text | Record<string, Text>>;
/** The same keys with the same arguments. */
export type Same<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends object ? SameText<T[K]> : T[K];
};
// biome-ignore lint/suspicious/noExplicitAny: as above
type SameText<T> = T extends (...args: any[]) => string
  ? T
  : { [K in keyof T]: T[K] extends string ? string : T[K] };

/** Texts of one view in the chosen language. A missing or superfluous key is a type error. */
export function catalogue<T extends Texts>(en: T, ko: Same<T>): Same<T> {
  const texts = {} as Same<T>;
  for (const key of Object.keys(en) as (keyof T)[]) {
    Object.defineProperty(texts, key, { get: () => (speech.language === "ko" ? ko : en)[key] });
  }
  return texts;
}

/** `count(n, {one: "1 run", other: `${n} runs`})`, in English texts. */
export function count(n: number, forms: Plural): string {
  return plural("en", n, forms);
}
