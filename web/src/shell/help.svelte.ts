class HelpState {
  shown: boolean = $state(false);
  open(): void {
    this.shown = true;
  }
}
/** The list of keys. */
export const help = new HelpState();
