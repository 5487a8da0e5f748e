/** Id of the button that chooses an alarm's card: where the keyboard goes. */
export function selectId(alarm: string): string {
  return `select-${alarm}`;
}
