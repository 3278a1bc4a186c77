import { untrack } from "svelte";

export interface Key {
  /** As in `KeyboardEvent.key`. */
  key: string;
  /** What it does, in the language that is spoken. */
  title: () => string;
  /** Without it the component listens to the key itself, and only lists it here. */
  run?: (event: KeyboardEvent) => void;
}

class Keys {
  /** Those of what is shown now, for the list of `?`. */
  active: readonly Key[] = $state.raw([]);

  /** Keys of a component, as long as it is shown: call it while the component is made. */
  use(keys: readonly Key[]): void {
    $effect(() => {
      this.active = [...untrack(() => this.active), ...keys];
      return () => {
        this.active = this.active.filter((each) => !keys.includes(each));
      };
    });
  }

  press(event: KeyboardEvent): void {
    const found = this.active.findLast((each) => each.run && each.key === event.key);
    if (!found) return;
    event.preventDefault();
    found.run?.(event);
  }
}

export const keys = new Keys();

/** Whether keys that are pressed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"))
  );
}
