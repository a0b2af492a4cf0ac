/** What the one live region says. */
let message = $state('');
export const announcement = {
  get text() {
    return message;
  },
};

/** Speaks one polite sentence to those who hear the page: a verdict, a state that changed, a lost line. */
export function announce(text: string): void {
  // The same words twice are spoken twice only when the region changes in between.
  message = message === text ? `${text}\u00a0` : text;
}
