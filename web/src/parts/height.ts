import type { Attachment } from "svelte/attachments";

/**
 * Tells the inner height of an element after each layout in which it has changed. `bind:clientHeight` asks for it while
 * the element is made, which forces a layout of its own.
 */
export function onHeight(tell: (pixels: number) => void): Attachment {
  return (element) => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) tell(entry.contentRect.height);
    });
    observer.observe(element);
    return () => observer.disconnect();
  };
}
